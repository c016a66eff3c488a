// Filters for the table of all benchmarks; without script it shows every run.
const NAMES = { family: "Family", device: "Device" };

const choice = (key, values) => {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.name = key;
  select.append(new Option("all", ""), ...values.map((value) => new Option(value)));
  label.append(`${NAMES[key]} `, select);
  return label;
};

const equip = (place) => {
  const runs = [...place.querySelectorAll("tbody")];
  const form = document.createElement("form");
  const told = document.createElement("output");
  form.className = "filters";
  for (const key of Object.keys(NAMES)) {
    form.append(choice(key, [...new Set(runs.map((run) => run.dataset[key]))].sort()));
  }
  form.append(told);
  const apply = () => {
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    for (const run of runs) {
      run.hidden = wanted.some(([key, value]) => run.dataset[key] !== value);
    }
    told.textContent = `${runs.filter((run) => !run.hidden).length} of ${runs.length} runs`;
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  place.before(form);
  apply();
};
document.querySelectorAll(".benchmarks .computed-table").forEach(equip);
