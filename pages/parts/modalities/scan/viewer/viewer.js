// One scan: its slices, its window, what is drawn on it, and what is read off it. The server is
// asked nothing; `packed`, `geometry` and `painting` stand before this file.

const NUDGE = 40; // Screen pixels that a key moves the picture.
const SWIPE = 14; // Screen pixels of a finger for each slice.
const NOTCH = 40; // Of a wheel that counts in pixels, for each slice.
const HELP = [
  "Mouse wheel or arrow keys: slice. Page up and down: ten slices. Home and End: first and last.",
  "Ctrl and wheel, or + and −: zoom. Double click or 0: reset.",
  "Window: drag up and down for its centre, to the sides for its width. Pan: drag to move.",
  "Ruler: drag from end to end. By key: arrows move a cross, Enter sets an end, Escape removes it.",
  "Touch: drag up and down for slices, pinch to zoom.",
];
const looks = new WeakMap(); // Element -> what was looked at last: a rerun of the page keeps it.
let preset = ""; // Chosen by name: the next scan opens in it too, where it has one.

function fresh(header) {
  const [, centre, width] = header.windows.find(([name]) => name === preset) ?? header.windows[0];
  return { key: header.key, slice: header.index, centre, width, zoom: 1, x: 0, y: 0, pointer: null,
    tool: "window", ruler: null, off: new Set(), opacity: 60 };
}

class Viewer {
  constructor(root, blob) {
    const packed = opened(blob);
    this.root = root;
    this.scan = packed.header;
    this.shelf = shelf(packed);
    const before = looks.get(root);
    this.look = before?.key === this.scan.key ? before : fresh(this.scan);
    looks.set(root, this.look);
    this.$ = (name) => root.querySelector(name);
    this.canvas = this.$(".picture");
    this.values = this.due = null;
    this.layers = {};
  }

  get slice() { return this.scan.slices[this.look.slice]; }

  get scored() { return this.look.slice === this.scan.index; }

  get box() { return { width: this.canvas.clientWidth, height: this.canvas.clientHeight }; }

  get at() { return placed(this.look, this.scan, this.slice.spacing, this.box); }

  async start() {
    const { width, height } = this.scan;
    const overlay = await this.shelf.layer("overlay");
    if (overlay) this.layers.overlay = layer(width, height, (to) => to.set(overlay));
    for (const who of Object.keys(LINES)) {
      const inside = await this.shelf.layer(who);
      if (inside) this.layers[who] = edge(inside, width, height);
    }
    controls(this);
    await this.show();
  }

  // Another slice may be asked for while this one is unpacked.
  async show() {
    const wanted = this.look.slice;
    const values = await this.shelf.slice(wanted);
    if (wanted !== this.look.slice) return;
    this.values = values;
    this.paint();
  }

  paint() {
    this.stale = true;
    this.draw();
  }

  // Once for each picture of the screen, however often the mouse moves meanwhile.
  draw() {
    this.due ??= requestAnimationFrame(() => {
      this.due = null;
      if (this.values) this.render();
    });
  }

  render() {
    const { canvas, look, box } = this;
    if (this.stale) this.picture = windowed(this.values, this.scan, look);
    this.stale = false;
    const sharp = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: box.width * sharp, height: box.height * sharp });
    bounded(look, this.scan, this.slice.spacing, box);
    const context = canvas.getContext("2d");
    const at = this.at;
    context.scale(sharp, sharp);
    context.imageSmoothingEnabled = Math.min(at.scaleX, at.scaleY) < BLOCKS;
    const where = [at.left, at.top, this.scan.width * at.scaleX, this.scan.height * at.scaleY];
    context.drawImage(this.picture, ...where);
    if (this.scored) this.drawLayers(context, at, where);
    if (look.ruler?.slice === look.slice) ruled(context, at, look.ruler.ends);
    if (look.cross) this.drawCross(context, at);
    this.tell();
  }

  drawLayers(context, at, where) {
    const { look, layers, scan } = this;
    context.globalAlpha = look.opacity / 100;
    if (layers.overlay) context.drawImage(layers.overlay, ...where);
    context.globalAlpha = 1;
    for (const who of Object.keys(LINES)) {
      if (layers[who] && !look.off.has(who)) stroked(context, at, layers[who], LINES[who]);
    }
    if (look.off.has("regions")) return;
    scan.regions.forEach((region, k) => boxed(context, at, region, k + 1));
  }

  drawCross(context, at) {
    const [x, y] = onStage(at, [this.look.cross[0] + 0.5, this.look.cross[1] + 0.5]);
    context.beginPath();
    crossed(context, x, y, 12);
    context.lineWidth = 1.5;
    context.strokeStyle = "#f0e442";
    context.stroke();
  }

  // All that is said in words beside the picture.
  tell() {
    const { look, slice, box, at } = this;
    const [right, bottom] = slice.toward ?? ["", ""];
    const sides = { right, bottom, left: opposite(right), top: opposite(bottom) };
    for (const [edgeName, letters] of Object.entries(sides)) {
      this.$(`.${edgeName}`).textContent = letters;
    }
    const bar = scaleBar(at, slice.spacing, box);
    this.$(".scale").style.width = `${bar.width}px`;
    this.$(".scale span").textContent = bar.text;
    this.$(".value").textContent = this.valueAt(look.cross ?? (look.pointer && inScan(at, look.pointer)));
    this.tellLength(at);
    this.$(".notes").textContent = this.unknown();
    told(this);
  }

  tellLength(at) {
    const { ruler, slice } = this.look;
    const label = this.$(".length");
    const there = ruler?.slice === slice;
    label.textContent = there ? measured(ruler.ends, this.slice.spacing) : "";
    if (!there) return;
    const [x, y] = onStage(at, ruler.ends[1]);
    label.style.left = `${within(x + 8, 4, this.box.width - 90)}px`;
    label.style.top = `${within(y + 8, 4, this.box.height - 24)}px`;
  }

  valueAt(place) {
    const [x, y] = (place ?? [-1, -1]).map(Math.floor);
    const { width, height, colours } = this.scan;
    if (x < 0 || y < 0 || x >= width || y >= height) return "";
    const k = colours * (y * width + x);
    const said = Array.from(this.values.slice(k, k + colours), (one) => +one.toPrecision(7));
    const value = colours === 3 ? `red ${said[0]}, green ${said[1]}, blue ${said[2]}` : said[0];
    return `${value} ${this.slice.unit || "(no unit)"}, column ${x + 1}, row ${y + 1}`;
  }

  // An absent letter or millimetre may be taken for none.
  unknown() {
    return [
      this.slice.toward ? "" : "Left and right of the patient are not known: the file does not say, "
        + "or was read before this was kept.",
      this.slice.spacing ? "" : "The size of a pixel is not known: lengths are in pixels.",
      this.slice.projected ? "Millimetres are those at the detector: lengths in the body are shorter." : "",
    ].filter(Boolean).join(" ");
  }

  move(step) { this.turnTo(this.look.slice + step); }

  turnTo(slice) {
    const wanted = within(slice, 0, this.scan.slices.length - 1);
    if (wanted === this.look.slice) return;
    this.look.slice = wanted;
    this.show();
  }

  zoom(factor, place) {
    zoomed(this.look, factor, place ?? [this.box.width / 2, this.box.height / 2], this.box);
    this.draw();
  }

  pan(x, y) {
    this.look.x += x;
    this.look.y += y;
    this.draw();
  }

  setWindow(centre, width) {
    const least = (this.scan.range[1] - this.scan.range[0]) / 1e4 || 1e-6;
    Object.assign(this.look, { centre, width: Math.max(width, least) });
    this.paint();
  }

  use(tool) {
    Object.assign(this.look, { tool, cross: null });
    this.draw();
  }

  usePreset(name) {
    preset = name;
    const found = this.scan.windows.find((one) => one[0] === name);
    if (found) this.setWindow(found[1], found[2]);
  }

  reset() {
    preset = "";
    const { tool, off, opacity } = this.look;
    Object.assign(this.look, fresh(this.scan), { tool, off, opacity, cross: null });
    this.show();
  }
}

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function pressed(viewer, event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const last = viewer.scan.slices.length - 1;
  const does = {
    Home: () => viewer.turnTo(0), End: () => viewer.turnTo(last),
    PageUp: () => viewer.move(-10), PageDown: () => viewer.move(10),
    "+": () => viewer.zoom(1.25), "=": () => viewer.zoom(1.25), "-": () => viewer.zoom(0.8),
    0: () => viewer.reset(), ...rulerKeys(viewer),
  }[event.key] ?? (ARROWS[event.key] && (() => arrow(viewer, ARROWS[event.key], event.shiftKey)));
  if (!does) return;
  event.preventDefault();
  does();
}

function rulerKeys(viewer) {
  const { look } = viewer;
  if (look.tool !== "ruler") return {};
  return {
    Escape: () => { Object.assign(look, { ruler: null, cross: null }); viewer.draw(); },
    Enter: () => {
      if (!look.cross) return;
      const end = look.cross.map((one) => one + 0.5);
      const open = look.ruler?.open && look.ruler.slice === look.slice;
      look.ruler = { slice: look.slice, open: !open, ends: [open ? look.ruler.ends[0] : end, end] };
      viewer.draw();
    },
  };
}

// A slice; the cross of the ruler, by ten with Shift; or the picture.
function arrow(viewer, [x, y], far) {
  const { look, scan } = viewer;
  if (look.tool === "ruler") {
    const from = look.cross ?? [Math.floor(scan.width / 2), Math.floor(scan.height / 2)];
    const step = far ? 10 : 1;
    look.cross = [within(from[0] + step * x, 0, scan.width - 1),
      within(from[1] + step * y, 0, scan.height - 1)];
    viewer.draw();
  } else if (look.tool === "pan") viewer.pan(-NUDGE * x, -NUDGE * y);
  else viewer.move(x + y);
}

// A wheel that counts in lines turns a slice each notch; one that counts in pixels adds up.
function wheeled(viewer) {
  let rest = 0;
  return (event) => {
    const zooms = event.ctrlKey || event.metaKey;
    if (!zooms && viewer.scan.slices.length < 2) return;
    event.preventDefault();
    if (zooms) {
      viewer.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, [event.offsetX, event.offsetY]);
      return;
    }
    rest = Math.sign(rest) === Math.sign(event.deltaY) ? rest : 0;
    rest += event.deltaMode ? NOTCH * Math.sign(event.deltaY) : event.deltaY;
    const steps = Math.trunc(rest / NOTCH);
    // A mouse with notches of 100 and more turns one slice a notch.
    viewer.move(Math.sign(steps) * Math.min(Math.abs(steps), 1));
    rest = steps ? 0 : rest;
  };
}

// One pointer drags what the tool says, a finger slices, two fingers zoom.
function pointed(viewer) {
  const { canvas, look } = viewer;
  const down = new Map();
  let swiped = 0;
  const place = (event) => [event.offsetX, event.offsetY];
  const begin = (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    swiped = 0;
    look.cross = null;
    if (look.tool !== "ruler" || down.size > 1) return;
    const start = inScan(viewer.at, place(event));
    look.ruler = { slice: look.slice, ends: [start, start] };
  };
  const move = (event) => {
    const now = place(event);
    const was = down.get(event.pointerId);
    look.pointer = now;
    if (!was) return viewer.tell();
    const by = [now[0] - was[0], now[1] - was[1]];
    if (down.size > 1) pinched(viewer, down, event.pointerId, now);
    else if (event.pointerType === "touch" && look.tool === "window") swipe(by);
    else dragged(viewer, by, now);
    return down.set(event.pointerId, now);
  };
  const swipe = ([x, y]) => {
    if (viewer.scan.slices.length < 2) return viewer.pan(x, y);
    swiped += y;
    const steps = Math.trunc(swiped / SWIPE);
    swiped -= steps * SWIPE;
    return steps ? viewer.move(steps) : viewer.tell();
  };
  const end = (event) => {
    down.delete(event.pointerId);
    const { ruler } = look;
    if (ruler && !ruler.open && length(ruler.ends, null) === 0) look.ruler = null;
    viewer.draw();
  };
  const leave = () => { look.pointer = null; viewer.tell(); };
  Object.assign(canvas, { onpointerdown: begin, onpointermove: move, onpointerup: end,
    onpointercancel: end, onpointerleave: leave });
}

function dragged(viewer, [x, y], now) {
  const { look, scan } = viewer;
  const step = (scan.range[1] - scan.range[0]) / 1000 || 1;
  if (look.tool === "pan") viewer.pan(x, y);
  else if (look.tool === "window") viewer.setWindow(look.centre + y * step, look.width + x * step);
  else if (look.ruler) {
    look.ruler.ends[1] = inScan(viewer.at, now);
    viewer.draw();
  }
}

function pinched(viewer, down, moved, now) {
  const [still] = [...down].filter(([id]) => id !== moved).map(([, one]) => one);
  const was = down.get(moved);
  const apart = (one) => Math.hypot(one[0] - still[0], one[1] - still[1]) || 1;
  viewer.look.ruler = null;
  viewer.zoom(apart(now) / apart(was), [(now[0] + still[0]) / 2, (now[1] + still[1]) / 2]);
  viewer.pan((now[0] - was[0]) / 2, (now[1] - was[1]) / 2);
}

export default function ({ data, parentElement }) {
  const viewer = new Viewer(parentElement.querySelector(".viewer"), data);
  const { canvas, root } = viewer;
  canvas.setAttribute("aria-label", viewer.scan.title);
  canvas.style.touchAction = viewer.scan.slices.length > 1 ? "none" : "pan-y";
  canvas.onkeydown = (event) => pressed(viewer, event);
  canvas.ondblclick = () => viewer.reset();
  canvas.onwheel = wheeled(viewer);
  pointed(viewer);
  bar(viewer);
  const resized = new ResizeObserver(() => viewer.draw());
  resized.observe(root.querySelector(".stage"));
  viewer.start();
  return () => resized.disconnect();
}
