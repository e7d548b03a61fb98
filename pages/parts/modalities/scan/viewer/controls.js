// Buttons, boxes and sliders round the picture.

const CUSTOM = "Custom";

function row(to, label, input) {
  const name = document.createElement("label");
  name.append(...(input.type === "checkbox" ? [input, label] : [label, input]));
  to.append(name);
  return input;
}

function slider(to, label, [low, high, value], change) {
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min: low, max: high, step: 1, value });
  input.oninput = () => change(Number(input.value));
  return row(to, label, input);
}

function tick(to, label, name, viewer) {
  const input = document.createElement("input");
  Object.assign(input, { type: "checkbox", checked: !viewer.look.off.has(name) });
  input.onchange = () => {
    viewer.look.off[input.checked ? "delete" : "add"](name);
    viewer.draw();
  };
  return row(to, label, input);
}

// Those below the picture: slices, and what is drawn on it.
function controls(viewer) {
  const { scan, look, layers } = viewer;
  const to = viewer.$(".controls");
  to.replaceChildren();
  viewer.onScored = [];
  if (scan.slices.length > 1) {
    viewer.slices = slider(to, "",
      [scan.first + 1, scan.first + scan.slices.length, scan.first + look.slice + 1],
      (number) => viewer.turnTo(number - 1 - scan.first));
    viewer.slices.setAttribute("aria-label", "Slice");
    viewer.where = document.createElement("output");
    viewer.where.setAttribute("aria-live", "polite");
    viewer.slices.before(viewer.where);
    viewer.slices.parentElement.classList.add("long");
  }
  if (layers.overlay) {
    viewer.onScored.push(slider(to, "Evidence", [0, 100, look.opacity],
      (opacity) => { look.opacity = opacity; viewer.draw(); }));
  }
  if (scan.regions.length) viewer.onScored.push(tick(to, "Regions", "regions", viewer));
  for (const who of Object.keys(LINES)) {
    if (layers[who]) viewer.onScored.push(tick(to, LINES[who].label, who, viewer));
  }
}

// The tools above it.
function bar(viewer) {
  const { root, scan, look } = viewer;
  const full = viewer.$("[data-do=full]");
  const does = {
    closer: () => viewer.zoom(1.25), further: () => viewer.zoom(0.8), reset: () => viewer.reset(),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
  };
  for (const button of root.querySelectorAll("[data-do]")) button.onclick = does[button.dataset.do];
  for (const button of root.querySelectorAll("[data-tool]")) {
    button.onclick = () => viewer.use(button.dataset.tool);
  }
  full.hidden = !document.fullscreenEnabled;
  root.onfullscreenchange = () => {
    full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  };
  const presets = viewer.$("select");
  presets.replaceChildren(...[...scan.windows.map(([name]) => name), CUSTOM].map(
    (name) => new Option(name, name)));
  presets.onchange = () => viewer.usePreset(presets.value);
  const [centre, width] = [viewer.$(".centre"), viewer.$(".width")];
  centre.onchange = () => viewer.setWindow(Number(centre.value), look.width);
  width.onchange = () => viewer.setWindow(look.centre, Number(width.value));
  viewer.$("ul").replaceChildren(...HELP.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

const rounded = (value) => (Math.abs(value) >= 100 ? Math.round(value) : +value.toPrecision(3));

// What the controls show of where the viewer is.
function told(viewer) {
  const { scan, look } = viewer;
  for (const button of viewer.root.querySelectorAll("[data-tool]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === look.tool));
  }
  const found = scan.windows.find(([, c, w]) => c === look.centre && w === look.width);
  viewer.$("select").value = found ? found[0] : CUSTOM;
  viewer.$(".centre").value = rounded(look.centre);
  viewer.$(".width").value = rounded(look.width);
  // What the model says is of one slice; on the others its absence is no answer.
  for (const control of viewer.onScored) control.disabled = !viewer.scored;
  if (!viewer.where) return;
  viewer.slices.value = scan.first + look.slice + 1;
  const last = scan.first + scan.slices.length;
  const part = scan.slices.length < scan.total ? `; ${scan.first + 1} to ${last} are loaded` : "";
  const scored = viewer.scored ? "scored" : `the model scored ${scan.first + scan.index + 1}`;
  const said = scan.spoken ? ` (${scored}${part})` : part;
  viewer.where.textContent = `Slice ${scan.first + look.slice + 1} of ${scan.total}${said}`;
}
