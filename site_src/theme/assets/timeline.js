// The note that stays in sight below the timeline: the words of the line at hand.
const HINT = "Point at a number, or move through them with the Tab key: what problem was taken up.";
const wordsAt = (event) => {
  const part = event.target.closest?.(".timeline a.edge");
  const note = part?.closest("figure").querySelector(".timeline-note");
  if (!note) return;
  note.textContent = part.getAttribute("aria-label");
  note.classList.add("said");
};
for (const note of document.querySelectorAll(".timeline-note")) {
  note.hidden = false;
  note.textContent = HINT;
  // The note takes the place of the drawing's own tooltips.
  for (const title of document.querySelectorAll(".timeline .edge > title")) title.remove();
}
document.addEventListener("pointerover", wordsAt);
document.addEventListener("focusin", wordsAt);
