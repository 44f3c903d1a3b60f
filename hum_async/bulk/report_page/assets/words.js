// The data of the page, and how the other scripts write numbers.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const inEnglish = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const SERVICES = { served: "Served", underserved: "Underserved", unserved: "Unserved", unknown: "Not known", none: "No answer" };

function percent(part, whole) {
  const share = (100 * part) / whole;
  const few = (share > 0 && share < 1) || (share > 99 && share < 100);
  return `${share.toFixed(few ? 1 : 0)} %`;
}

// What is said to readers for whom no script runs, as in the preview of a mail.
for (const note of document.querySelectorAll(".unscripted")) note.hidden = true;
