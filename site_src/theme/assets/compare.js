// The page that compares loads its modules only when it is opened.
if (document.querySelector(".compare")) (await import("./compare/table.js")).equip();
if (document.querySelector(".pair")) (await import("./compare/pair.js")).equip();
