// The page that chooses loads its modules only when it is opened.
const wake = async () => {
  if (document.querySelector(".chooser")) (await import("./choose/chooser.js")).equip();
};
window.document$?.subscribe(() => setTimeout(wake)) ?? wake();
