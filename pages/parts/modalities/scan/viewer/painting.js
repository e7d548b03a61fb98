// Values of the scan -> what stands on the canvas.

// Who drew it: in words, the colour (Okabe and Ito), and dashes, so that colour is not needed.
const LINES = {
  outlined: { label: "Model's outline (blue)", colour: "#56b4e9", dash: [] },
  drawn: { label: "Drawn outline (yellow dashes)", colour: "#f0e442", dash: [5, 4] },
};
const BLOCKS = 8; // From so many screen pixels for one of the scan on, each is seen as a block.

function layer(width, height, fill) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  fill(image.data);
  context.putImageData(image, 0, 0);
  return canvas;
}

// DICOM PS3.3 C.11.2.1.2: the lowest and what is below are black, the highest and above white.
function windowed(values, { width, height, colours }, look) {
  const low = look.centre - look.width / 2;
  const factor = 255 / Math.max(look.width, 1e-12);
  return layer(width, height, (to) => {
    if (colours === 3) {
      for (let k = 0; k < to.length; k += 1) {
        const c = k % 4;
        to[k] = c === 3 ? 255 : factor * (values[3 * ((k - c) / 4) + c] - low);
      }
      return;
    }
    // Large films are drawn anew with each step of the mouse: four bytes at a time.
    const whole = new Uint32Array(to.buffer);
    for (let k = 0; k < whole.length; k += 1) {
      const grey = Math.round(within(factor * (values[k] - low), 0, 255));
      whole[k] = 0xff000000 | (grey * 0x010101);
    }
  });
}

// A line along the edges of the pixels that are inside.
function edge(inside, width, height) {
  const path = new Path2D();
  const at = (x, y) => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!at(x, y)) continue;
      const sides = [[x, y - 1, x, y, x + 1, y], [x, y + 1, x, y + 1, x + 1, y + 1],
        [x - 1, y, x, y, x, y + 1], [x + 1, y, x + 1, y, x + 1, y + 1]];
      for (const [nextX, nextY, fromX, fromY, toX, toY] of sides) {
        if (at(nextX, nextY)) continue;
        path.moveTo(fromX, fromY);
        path.lineTo(toX, toY);
      }
    }
  }
  return path;
}

function stroked(context, at, path, { colour, dash }) {
  const moved = new Path2D();
  moved.addPath(path, new DOMMatrix([at.scaleX, 0, 0, at.scaleY, at.left, at.top]));
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.stroke(moved);
  context.setLineDash([]);
}

function boxed(context, at, [left, top, right, bottom, speaksFor], number) {
  const [x, y] = onStage(at, [left, top]);
  context.lineWidth = 1.5;
  context.strokeStyle = speaksFor ? "#d55e00" : "#56b4e9";
  context.strokeRect(x, y, (right - left) * at.scaleX, (bottom - top) * at.scaleY);
  context.font = "bold 15px sans-serif";
  context.lineWidth = 4;
  context.strokeStyle = "#000";
  context.strokeText(number, x + 4, y + 16);
  context.fillStyle = "#fff";
  context.fillText(number, x + 4, y + 16);
}

// A line with a cross at both ends, dark below so that it is seen on white.
function ruled(context, at, ends) {
  const [a, b] = ends.map((one) => onStage(at, one));
  for (const [colour, width] of [["#000", 4], ["#f0e442", 1.5]]) {
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    for (const [x, y] of [a, b]) crossed(context, x, y, 5);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function crossed(context, x, y, arm) {
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  context.moveTo(x, y - arm);
  context.lineTo(x, y + arm);
}
