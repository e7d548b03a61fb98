// Where the picture lies on the stage, and what lengths and edges mean.

const OPPOSITE = { L: "R", R: "L", P: "A", A: "P", H: "F", F: "H" };
const ZOOM_AT_MOST = 40;

const opposite = (letters) => [...letters].map((one) => OPPOSITE[one]).join("");
const within = (value, low, high) => Math.min(high, Math.max(low, value));

// Pixels that are not square are drawn as the body is: [across, down], 1 for the smaller side.
function aspect(spacing) {
  if (!spacing) return [1, 1];
  const least = Math.min(...spacing);
  return [spacing[1] / least, spacing[0] / least];
}

// Screen pixels for each pixel of the scan, and where its corner is; `box` is the stage.
function placed(look, { width, height }, spacing, box) {
  const [across, down] = aspect(spacing);
  const fit = Math.min(box.width / (width * across), box.height / (height * down));
  const [scaleX, scaleY] = [fit * look.zoom * across, fit * look.zoom * down];
  return { scaleX, scaleY, left: (box.width - width * scaleX) / 2 + look.x,
    top: (box.height - height * scaleY) / 2 + look.y };
}

const inScan = (at, [x, y]) => [(x - at.left) / at.scaleX, (y - at.top) / at.scaleY];
const onStage = (at, [x, y]) => [at.left + x * at.scaleX, at.top + y * at.scaleY];

// The place under (x, y) stays where it is.
function zoomed(look, factor, [x, y], box) {
  const zoom = within(look.zoom * factor, 1, ZOOM_AT_MOST);
  const change = zoom / look.zoom;
  const [awayX, awayY] = [x - box.width / 2, y - box.height / 2];
  Object.assign(look, { zoom, x: awayX - (awayX - look.x) * change,
    y: awayY - (awayY - look.y) * change });
}

// The middle of the stage stays on the picture; one that is seen whole stays in the middle.
function bounded(look, scan, spacing, box) {
  const at = placed(look, scan, spacing, box);
  const room = look.zoom > 1 ? 0.5 : 0;
  const [x, y] = [room * scan.width * at.scaleX, room * scan.height * at.scaleY];
  Object.assign(look, { x: within(look.x, -x, x), y: within(look.y, -y, y) });
}

// Millimetres where the size of a pixel is known, else pixels.
function length([a, b], spacing) {
  const [down, across] = spacing ?? [1, 1];
  return Math.hypot((b[0] - a[0]) * across, (b[1] - a[1]) * down);
}

const measured = (ends, spacing) => `${length(ends, spacing).toFixed(1)} ${spacing ? "mm" : "pixels"}`;

// The longest of 1, 2, 5, 10, ... that is no wider than a quarter of the stage.
function scaleBar(at, spacing, box) {
  const ofPixel = (spacing?.[1] ?? 1) / at.scaleX;
  const most = (box.width / 4) * ofPixel;
  const tens = 10 ** Math.floor(Math.log10(most));
  const long = [5, 2, 1].map((one) => one * tens).find((one) => one <= most);
  return { width: long / ofPixel, text: `${+long.toPrecision(3)} ${spacing ? "mm" : "pixels"}` };
}
