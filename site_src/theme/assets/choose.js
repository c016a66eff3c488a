// The page that chooses loads its modules only when it is opened.
if (document.querySelector(".chooser")) (await import("./choose/chooser.js")).equip();
