"use strict";
// A click on a column's head sorts the table by it; another click turns the order around.
for (const table of document.querySelectorAll("table.sort")) {
  const heads = table.tHead.rows[table.tHead.rows.length - 1].cells;
  [...heads].forEach((head, column) => {
    head.tabIndex = 0;
    head.setAttribute("role", "button");
    const sort = () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.cells[column];
        const marked = cell.querySelector("[data-sort]");
        const text = marked ? marked.dataset.sort : cell.textContent.trim();
        const number = text === "" ? NaN : Number(text.replaceAll(",", ""));
        return [Number.isNaN(number), Number.isNaN(number) ? text : number];
      };
      const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
      rows.sort(([[textA, a]], [[textB, b]]) => {
        if (textA !== textB) return textA ? 1 : -1;
        const order = textA ? a.localeCompare(b) : a - b;
        return down === textA ? order : -order;
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        sort();
      }
    });
  });
}
