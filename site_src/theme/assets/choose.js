// The page that chooses loads its modules only when it is opened.
const place = document.querySelector(".chooser");
try {
  if (place) (await import("./choose/chooser.js")).equip();
} finally {
  place?.classList.add("equipped");
}
