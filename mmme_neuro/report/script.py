"""Script of the report: tables sort by a click on a heading, a link leads back to the contents."""

SCRIPT = """
(() => {
  // Numbers as they are printed: a minus sign, "< .001", "[low, high]", units; a dash for none.
  const number = (text) =>
    text.startsWith("\\u221e")
      ? Infinity
      : parseFloat(text.replace(/\\u2212/g, "-").replace(/^[^\\d.-]+/, ""));
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    if (text === "\\u2013") return null;
    return cell.classList.contains("number") ? number(text) : text;
  };
  const compare = (a, b) =>
    typeof a === "number" ? a - b || 0 : a.localeCompare(b, "en", { numeric: true });
  const sort = (head) => {
    const table = head.closest("table");
    const body = table.tBodies[0];
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
    const known = rows.filter(([key]) => key !== null);
    known.sort(([a], [b]) => sign * compare(a, b));
    const missing = rows.filter(([key]) => key === null);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    body.append(...known.concat(missing).map(([, row]) => row));
  };
  const heading = (event) => event.target.closest?.(".report-table thead th");
  document.addEventListener("click", (event) => {
    const head = heading(event);
    if (head) sort(head);
  });
  document.addEventListener("keydown", (event) => {
    const head = heading(event);
    if (head && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      sort(head);
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const head of document.querySelectorAll(".report-table thead th")) {
      head.tabIndex = 0;
      head.title = "Sort";
    }
    for (const box of document.querySelectorAll(".report-scroll")) box.tabIndex = 0;
    const link = document.createElement("a");
    Object.assign(link, { className: "report-top", href: "#toc", textContent: "Contents" });
    document.body.append(link);
  });
})();
"""
"""A second click turns the order round; missing values stay last. Nothing is loaded."""
