// The bytes of pmed_core/service/viewing.py -> a header, and parts that are unpacked when needed.

const HEADER = 4;
const KINDS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };

function opened(blob) {
  const bytes = new Uint8Array(blob.buffer ?? blob, blob.byteOffset ?? 0, blob.byteLength);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER, HEADER + length)));
  const body = bytes.subarray(HEADER + length);
  const part = (k) => body.subarray(k ? header.ends[k - 1] : 0, header.ends[k]);
  return { header, part };
}

// The lowest bytes of all values come first, then the next.
async function unpacked(part, kind) {
  const stream = new Blob([part]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const size = KINDS[kind].BYTES_PER_ELEMENT;
  const count = planes.length / size;
  const joined = new Uint8Array(planes.length);
  for (let k = 0; k < size; k += 1) {
    for (let i = 0; i < count; i += 1) joined[i * size + k] = planes[k * count + i];
  }
  return new KINDS[kind](joined.buffer);
}

// Slices and layers by number, each unpacked once.
function shelf({ header, part }) {
  const kept = new Map();
  const get = (k, kind) => {
    if (!kept.has(k)) kept.set(k, unpacked(part(k), kind));
    return kept.get(k);
  };
  return {
    slice: (k) => get(k, header.slices[k].kind),
    layer: (name) => {
      const k = header.layers.indexOf(name);
      return k < 0 ? Promise.resolve(null) : get(header.slices.length + k, "uint8");
    },
  };
}
