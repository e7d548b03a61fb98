// Scrolls through slices, zooms, moves, and changes the window and the overlay, all in the browser.

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function values(data, slice) {
  const raw = bytes(data.slices[slice]);
  return data.wide ? new Int16Array(raw.buffer) : raw;
}

function slider(controls, label, [low, high, start], change) {
  const name = document.createElement("label");
  const input = document.createElement("input");
  const shown = document.createElement("output");
  Object.assign(input, { type: "range", min: low, max: high, step: 1, value: start });
  name.textContent = label;
  input.setAttribute("aria-label", label);
  shown.textContent = start;
  input.oninput = () => { shown.textContent = input.value; change(Number(input.value)); };
  controls.append(name, input, shown);
  return input;
}

function tick(controls, label, change) {
  const name = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "checkbox", checked: true });
  name.textContent = label;
  input.setAttribute("aria-label", label);
  input.onchange = () => change(input.checked);
  controls.append(name, input, document.createElement("span"));
  return input;
}

function layer(width, height, fill) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  fill(image.data);
  context.putImageData(image, 0, 0);
  return canvas;
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

// Who drew it: in words, the colour (Okabe and Ito), and dashes, so that colour is not needed.
const LINES = {
  outlined: { label: "Outlined by the model (blue line)", colour: "#56b4e9", dash: [] },
  drawn: { label: "Outlined by a person (yellow dashes)", colour: "#f0e442", dash: [5, 4] },
};

export default function ({ data, parentElement }) {
  const canvas = parentElement.querySelector(".picture");
  const controls = parentElement.querySelector(".controls");
  const { width, height, colour } = data;
  const look = { slice: data.index, centre: data.window[0], width: data.window[1],
    opacity: data.overlay ? 60 : 0, drawn: true, outlined: true, regions: true, zoom: 1, x: 0,
    y: 0 };
  const scale = Math.max(1, Math.round(768 / Math.max(width, height)));
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.setAttribute("aria-label", data.title);
  controls.replaceChildren();

  const overlay = data.overlay && layer(width, height, (to) => to.set(bytes(data.overlay)));
  const lines = Object.keys(LINES).filter((who) => data[who]);
  const edges = Object.fromEntries(lines.map((who) => [who,
    edge(bytes(data[who]), width, height)]));
  const layers = [];
  let picture = null;
  let where = null;

  // What the model says is of one slice; on the others nobody may take its absence for an answer.
  function told() {
    if (!where) return;
    const here = look.slice === data.index;
    const said = here
      ? ", the slice the model scored."
      : `. The model scored slice ${data.index + 1}: there are its map and its outlines.`;
    where.textContent = `Slice ${look.slice + 1} of ${data.slices.length}`
      + (data.spoken ? said : "");
    for (const control of layers) control.disabled = !here;
  }

  function windowed() {
    told();
    const from = values(data, look.slice);
    const low = look.centre - look.width / 2;
    picture = layer(width, height, (to) => {
      for (let k = 0; k < width * height; k += 1) {
        for (let c = 0; c < 3; c += 1) {
          const value = colour ? from[3 * k + c] : from[k];
          to[4 * k + c] = colour ? value : (255 * (value - low)) / look.width;
        }
        to[4 * k + 3] = 255;
      }
    });
    draw();
  }

  function draw() {
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(look.zoom * scale, 0, 0, look.zoom * scale, look.x, look.y);
    context.drawImage(picture, 0, 0);
    if (look.slice !== data.index) return;
    context.globalAlpha = look.opacity / 100;
    if (overlay) context.drawImage(overlay, 0, 0);
    context.globalAlpha = 1;
    for (const who of lines) if (look[who]) stroke(context, who);
    if (look.regions) data.regions.forEach((region, k) => boxed(context, region, k + 1));
  }

  function boxed(context, [left, top, right, bottom, speaksFor], number) {
    const unit = 1 / (scale * look.zoom);
    context.setLineDash([]);
    context.lineWidth = 1.5 * unit;
    context.strokeStyle = speaksFor ? "#d55e00" : "#56b4e9";
    context.strokeRect(left, top, right - left, bottom - top);
    context.font = `bold ${20 * unit}px sans-serif`;
    context.lineWidth = 4 * unit;
    context.strokeStyle = "#000";
    context.strokeText(number, left + 5 * unit, top + 20 * unit);
    context.fillStyle = "#fff";
    context.fillText(number, left + 5 * unit, top + 20 * unit);
  }

  function stroke(context, who) {
    const unit = 1 / (scale * look.zoom);
    context.lineWidth = 2 * unit;
    context.strokeStyle = LINES[who].colour;
    context.setLineDash(LINES[who].dash.map((length) => length * unit));
    context.stroke(edges[who]);
  }

  function bounded() {
    look.x = Math.min(0, Math.max(look.x, canvas.width * (1 - look.zoom)));
    look.y = Math.min(0, Math.max(look.y, canvas.height * (1 - look.zoom)));
    draw();
  }

  function zoomed(factor, event) {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    const zoom = Math.min(12, Math.max(1, look.zoom * factor));
    look.x = x - ((x - look.x) * zoom) / look.zoom;
    look.y = y - ((y - look.y) * zoom) / look.zoom;
    look.zoom = zoom;
    bounded();
  }

  canvas.onwheel = (event) => {
    event.preventDefault();
    zoomed(event.deltaY < 0 ? 1.15 : 1 / 1.15, event);
  };
  canvas.ondblclick = () => { Object.assign(look, { zoom: 1, x: 0, y: 0 }); draw(); };
  canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
  canvas.onpointermove = (event) => {
    if (!event.buttons) return;
    const ratio = canvas.width / canvas.getBoundingClientRect().width;
    look.x += event.movementX * ratio;
    look.y += event.movementY * ratio;
    bounded();
  };

  if (data.slices.length > 1) {
    where = document.createElement("p");
    where.setAttribute("aria-live", "polite");
    controls.append(where);
    const chosen = slider(controls, "Slice", [1, data.slices.length, data.index + 1],
      (slice) => { look.slice = slice - 1; windowed(); });
    canvas.onkeydown = (event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      chosen.value = Number(chosen.value) + step;
      chosen.oninput();
    };
  }
  if (overlay) {
    layers.push(slider(controls, "Evidence (%)", [0, 100, look.opacity],
      (opacity) => { look.opacity = opacity; draw(); }));
  }
  if (!colour) {
    const [low, high] = data.range;
    const unit = data.unit ? ` (${data.unit})` : "";
    slider(controls, `Window centre${unit}`, [low, high, look.centre],
      (centre) => { look.centre = centre; windowed(); });
    slider(controls, `Window width${unit}`, [1, high - low, look.width],
      (size) => { look.width = size; windowed(); });
  }
  if (data.regions.length) {
    layers.push(tick(controls, "Regions, numbered", (on) => { look.regions = on; draw(); }));
  }
  for (const who of lines) {
    layers.push(tick(controls, LINES[who].label, (on) => { look[who] = on; draw(); }));
  }
  windowed();
}
