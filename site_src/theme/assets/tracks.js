// Which pages were read, kept in this browser alone: no cookie, nothing is sent.
const KEY = "blueprints.read";

const read = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return new Set(Array.isArray(kept) ? kept : []);
  } catch {
    return new Set();
  }
};

const keep = (pages) => {
  try {
    localStorage.setItem(KEY, JSON.stringify([...pages]));
    return true;
  } catch {
    return false;
  }
};

// At the foot of a page that is on a track: a box to tick.
const offer = (place) => {
  const line = place.querySelector(".tracks-read");
  const box = line.querySelector("input");
  if (!keep(read())) return; // the browser keeps nothing: offer nothing
  line.hidden = false;
  box.checked = read().has(place.dataset.slug);
  box.addEventListener("change", () => {
    const pages = read();
    if (box.checked) pages.add(place.dataset.slug);
    else pages.delete(place.dataset.slug);
    keep(pages);
  });
};

// On a track's own page: what is read, and where to go on.
const show = (list) => {
  const pages = read();
  const stops = [...list.children];
  for (const stop of stops) {
    if (!pages.has(stop.dataset.page)) continue;
    const mark = document.createElement("small");
    mark.className = "track-read";
    mark.textContent = " ✓ read";
    stop.querySelector("p").append(mark);
  }
  const done = stops.filter((stop) => pages.has(stop.dataset.page)).length;
  if (!done) return;
  const next = stops.find((stop) => !pages.has(stop.dataset.page));
  const line = document.createElement("p");
  line.className = "track-progress";
  line.textContent = `${done} of ${stops.length} read. `;
  if (next) {
    const link = next.querySelector("a").cloneNode(true);
    link.textContent = `Go on with ${link.textContent}`;
    line.append(link);
  } else {
    line.append("That was all of it.");
  }
  list.before(line);
};

document.querySelectorAll("nav.tracks").forEach(offer);
document.querySelectorAll("ol.track").forEach(show);
