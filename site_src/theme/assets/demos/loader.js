// <arch-demo>: a static figure that becomes a live model on a click, and not before.
const MEGABYTE = 1e6;
const size = (bytes) =>
  bytes < MEGABYTE ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;

let runtime = null; // loaded at the first click, for all demos
let tries = 0; // a module that failed to load is asked for under a new address

class ArchDemo extends HTMLElement {
  #slot = null; // where the button stands
  #leaving = null; // aborts what is under way
  #live = null; // the running demo

  connectedCallback() {
    this.#slot = this.querySelector(".demo-start");
    this.#offer();
  }

  disconnectedCallback() {
    this.#leaving?.abort();
    this.#live?.stop();
    this.#live = null;
  }

  #offer(problem = "") {
    const [once, own] = this.getAttribute("transfer").split(" ").map(Number);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "demo-button";
    button.textContent = problem ? "Try again" : "Try it live";
    button.addEventListener("click", () => this.#start());
    const note = document.createElement("span");
    note.className = "demo-note";
    const load = `loads ${size(once)} once, and ${size(own)}`;
    note.textContent = problem || `${load}; runs in this browser, nothing is sent`;
    if (problem) note.setAttribute("role", "alert");
    this.#slot.replaceChildren(button, note);
    if (problem) button.focus();
  }

  #progress() {
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", "Loading the demo");
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "demo-button quiet";
    cancel.textContent = "Cancel";
    cancel.addEventListener("click", () => {
      this.#leaving.abort();
      this.#offer();
      this.#slot.querySelector("button").focus();
    });
    this.#slot.replaceChildren(bar, cancel);
    cancel.focus();
    return (share) => (bar.value = share);
  }

  async #start() {
    const { signal } = (this.#leaving = new AbortController());
    const progress = this.#progress();
    try {
      runtime ??= await import(`./runtime.js${tries ? `?again=${tries}` : ""}`);
      const live = await runtime.start(this, { signal, progress });
      if (signal.aborted) return live.stop();
      this.#live = live;
      this.#slot.hidden = true;
    } catch (error) {
      if (signal.aborted) return;
      tries += 1;
      console.warn(error);
      this.#offer(`This did not work: ${error.message ?? error}.`);
    }
  }
}

customElements.get("arch-demo") ?? customElements.define("arch-demo", ArchDemo);
