// The page that compares loads its modules only when it is opened.
const equip = async (place, module) => {
  try {
    if (place) (await import(module)).equip();
  } finally {
    place?.classList.add("equipped");
  }
};
equip(document.querySelector(".compare"), "./compare/table.js");
equip(document.querySelector(".pair"), "./compare/pair.js");
