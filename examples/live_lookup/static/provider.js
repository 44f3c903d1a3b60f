// One provider of an address, with its plans on demand. All of it is text from elsewhere: it is
// only ever written with textContent, and links are checked.

import { download, upload } from "./best.js";
import { label, money, speed } from "./words.js";

const $ = (selector, root) => root.querySelector(selector);

/** Return the list item of a provider. Marks are words such as "Fastest". */
export function providerItem(told, marks) {
  const item = document.querySelector("#provider").content.cloneNode(true).firstElementChild;
  const name = told.name?.trim() || "Provider without a name";
  $("h3", item).textContent = name;
  $(".initials", item).textContent = name.split(/\s+/).slice(0, 2).map((word) => [...word][0]).join("");
  $(".marks", item).append(...marks.map((mark) => element("span", mark)));
  $(".price", item).textContent = told.min_price ? `from ${money(told.min_price)} a month` : "";
  fact(item, "Technology", [...new Set(told.offerings.map((one) => one.technology))].filter(Boolean).join(", "));
  fact(item, "Download", upTo(download(told)));
  fact(item, "Upload", upTo(upload(told)));
  $(".promo", item).textContent = told.promos.map((promo) => promo.text).find(Boolean) ?? "";
  const number = told.telephone?.replace(/[^+\d]/g, "");
  if (number) link(item, `tel:${number}`, told.telephone);
  if (/^https?:\/\//i.test(told.url ?? "")) {
    const anchor = link(item, told.url, told.button_label || "Website");
    Object.assign(anchor, { target: "_blank", rel: "noopener noreferrer" });
  }
  const plans = $(".plans", item);
  plans.hidden = !told.catalog.length;
  $("summary", plans).textContent = told.catalog.length === 1 ? "1 plan" : `${told.catalog.length} plans`;
  $("ul", plans).append(...told.catalog.map(planItem));
  return item;
}

function planItem(plan) {
  const item = element("li", "");
  const fees = Object.entries(plan.pricing).filter(([, price]) => price?.amount_cents);
  const monthly = fees.find(([name]) => name === "monthly_price");
  item.append(element("b", plan.name || plan.sku || "Plan"));
  const facts = [
    monthly && `${money(monthly[1])} a month`,
    plan.download?.high && `${speed(plan.download.high)} down`,
    plan.upload?.high && `${speed(plan.upload.high)} up`,
    plan.data_limit && `${plan.data_limit} data`,
  ];
  item.append(element("span", facts.filter(Boolean).join(" · ")));
  const others = fees.filter((fee) => fee !== monthly);
  item.append(element("small", others.map(([name, price]) => `${label(name)} ${money(price)}`).join(" · ")));
  return item;
}

function fact(item, name, text) {
  if (text) $("dl", item).append(element("dt", name), element("dd", text));
}

const upTo = (mbps) => (mbps ? `up to ${speed(mbps)}` : "");

function link(item, href, text) {
  const anchor = Object.assign(element("a", text), { href });
  $(".links", item).append(anchor);
  return anchor;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
