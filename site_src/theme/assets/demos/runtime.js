// Loads onnxruntime once for all demos, and the model and the module of one.
const here = (path) => new URL(path, import.meta.url).href;
const WASM = here("../onnxruntime/ort-wasm-simd-threaded.wasm");
const ORT = here("../onnxruntime/ort.wasm.bundle.min.mjs");

let ort = null; // the runtime, once it has made a session
let tries = 0; // a module that failed is asked for anew, under a new address

// Starts the demo of an element.
// The element says `kind`, `model`, `settings`, and in `bytes` how much is downloaded.
// Returns what stops it and gives its memory back.
export async function start(element, { signal, progress }) {
  const again = tries ? `?again=${tries}` : "";
  const kind = element.getAttribute("kind");
  const [shared, own] = element.getAttribute("bytes").split(" ").map(Number);
  const total = own + (ort ? 0 : shared);
  let done = 0;
  const advance = (count) => progress((done += count) / total);
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort());
  let calls = null;
  try {
    const [model, room, , runtime] = await Promise.all([
      download(here(`../../${element.getAttribute("model")}`), stop.signal, advance),
      import(here(`${kind}.js${again}`)),
      style(here("demos.css")),
      ort ?? runtimeFrom(stop.signal, advance, again),
    ]);
    const session = await runtime.InferenceSession.create(model, { logSeverityLevel: 3 }); // errors
    ort = runtime;
    calls = new Calls(session, element);
    const settings = JSON.parse(element.getAttribute("settings"));
    const view = await room.start({ element, settings, run: (inputs) => calls.run(inputs) });
    return {
      stop() {
        view.stop();
        calls.release();
      },
    };
  } catch (error) {
    stop.abort(); // one part that fails ends the others
    calls?.release();
    if (!signal.aborted) tries += 1;
    throw error;
  }
}

async function runtimeFrom(signal, advance, again) {
  const [wasm, module] = await Promise.all([
    download(WASM, signal, advance),
    import(`${ORT}${again}`),
  ]);
  module.env.wasm.numThreads = 1;
  module.env.wasm.wasmBinary = wasm;
  return module;
}

// Runs one call after the other, and gives the session back when the last has ended.
class Calls {
  #last = Promise.resolve();

  constructor(session, element) {
    this.session = session;
    this.element = element;
  }

  // Inputs are {name: [type, data, sizes]}; outputs {name: {data, dims}}. A "demo-run"
  // event tells what was really fed and what came out.
  run(inputs) {
    const result = this.#last.then(async () => {
      const feeds = {};
      for (const [name, [type, data, dims]] of Object.entries(inputs)) {
        feeds[name] = new ort.Tensor(type, data, dims);
      }
      const outputs = await this.session.run(feeds);
      const detail = { inputs, outputs };
      this.element.dispatchEvent(new CustomEvent("demo-run", { detail }));
      return outputs;
    });
    this.#last = result.catch(() => {});
    return result;
  }

  release() {
    return this.#last.then(() => this.session.release());
  }
}

async function download(address, signal, advance) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
  const pieces = [];
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    advance(value.length);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function style(address) {
  const known = document.querySelector(`link[href="${address}"]`);
  if (known) return known;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  return new Promise((resolve, reject) => {
    link.onload = () => resolve(link);
    link.onerror = () => {
      link.remove();
      reject(new Error(`${address} did not load`));
    };
    document.head.append(link);
  });
}
