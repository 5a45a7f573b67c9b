"use strict";
// A click on a column's head sorts the table by it: numbers from the highest, names from A.
// Another click turns the order around; cells without a number stay at the end.
for (const table of document.querySelectorAll("table.sort")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  const text = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };
  const sort = (head, column) => {
    const rows = [...body.rows].map((row) => [text(row, column), row]);
    const named = rows.every(([value]) => Number.isNaN(Number(value)));
    const first = named ? "ascending" : "descending";
    const second = named ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    const sign = order === "ascending" ? 1 : -1;
    rows.sort(([a], [b]) => {
      if (named) return sign * a.localeCompare(b);
      const [x, y] = [Number(a), Number(b)];
      return Number.isNaN(x) - Number.isNaN(y) || sign * (x - y) || 0;
    });
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    body.append(...rows.map(([, row]) => row));
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
}
