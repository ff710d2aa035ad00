// Save a table as CSV: what is on the page, as a file.

const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^-?[\d.,]+$/;

export function saveTables(main) {
  main.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save]");
    if (!button) return;
    const table = button.closest("figure, section").querySelector("table[data-points], table[data-table]");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
    link.download = `${button.dataset.save}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}

function csv(table) {
  const rows = [...table.querySelectorAll("tr")].map((row) => [...row.cells].map(cell).join(","));
  return `${rows.join("\r\n")}\r\n`;
}

function cell(each) {
  const text = (each.dataset.value ?? each.textContent).replace(/\s+/g, " ").trim();
  // a spreadsheet would run what begins like a formula; a number is none
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
