// Filters for the table of all benchmarks; without script it shows every row.
const NAMES = { family: "Family", device: "Device" };

const choice = (key, values) => {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.name = key;
  select.append(new Option("all", ""), ...values.map((value) => new Option(value)));
  label.append(`${NAMES[key]} `, select);
  return label;
};

const equip = () => {
  const place = document.querySelector(".benchmarks .computed-table");
  if (!place || place.previousElementSibling?.matches("form.filters")) return;
  const rows = [...place.querySelectorAll("tbody tr")];
  const form = document.createElement("form");
  const told = document.createElement("output");
  form.className = "filters";
  for (const key of Object.keys(NAMES)) {
    form.append(choice(key, [...new Set(rows.map((row) => row.dataset[key]))].sort()));
  }
  form.append(told);
  const apply = () => {
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    for (const row of rows) {
      row.hidden = wanted.some(([key, value]) => row.dataset[key] !== value);
    }
    told.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  place.before(form);
  apply();
};
window.document$?.subscribe(equip) ?? equip();
