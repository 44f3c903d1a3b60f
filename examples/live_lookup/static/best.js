// Which provider is the fastest, and which the cheapest.

const highest = (all) => Math.max(0, ...all.filter((one) => Number.isFinite(one)));

export const download = (provider) => highest([
  ...provider.offerings.map((one) => one.max_download_mbps),
  ...provider.catalog.map((plan) => plan.download?.high),
]);

export const upload = (provider) => highest([
  ...provider.offerings.map((one) => one.max_upload_mbps),
  ...provider.catalog.map((plan) => plan.upload?.high),
]);

/** Return {fastest, cheapest}: the best providers, several if they are level. */
export function best(providers) {
  const { fast, priced } = compared(providers);
  const top = highest(fast.map(download));
  const least = Math.min(...priced.map(price));
  return {
    fastest: fast.filter((one) => download(one) === top),
    cheapest: priced.filter((one) => price(one) === least),
  };
}

/** Return the marks of a provider among others: it stands out only where others are worse. */
export function marks(provider, providers) {
  const { fast, priced } = compared(providers);
  const { fastest, cheapest } = best(providers);
  return [
    fastest.includes(provider) && fastest.length < fast.length && "Fastest",
    cheapest.includes(provider) && cheapest.length < priced.length && "Cheapest",
  ].filter(Boolean);
}

const price = (provider) => provider.min_price.amount_cents;

// What is not known cannot be compared, and neither can prices of several currencies.
function compared(providers) {
  const priced = providers.filter((one) => Number.isFinite(one.min_price?.amount_cents));
  const isOneCurrency = new Set(priced.map((one) => one.min_price.currency)).size <= 1;
  return { fast: providers.filter(download), priced: isOneCurrency ? priced : [] };
}
