// What a browser sends to the two routes of a hub, and gets from them. Made from the types that the
// server is tested against, by HUM_UPDATE_GOLDEN=1 python -m pytest tests/web/test_typescript.py

/** The data of each event by its name; it is JSON. */
export interface HubEvents {
  snapshot: SnapshotEvent;
  change: ChangeEvent;
  providers: ProvidersEvent;
  done: DoneEvent;
  farewell: FarewellEvent;
}

/** Data of the event `snapshot`: where a look-up stands, first of all. */
export interface SnapshotEvent {
  lookup: string;
  agents: Record<string, string>;
  service_address: PublicServiceAddress | null;
}

/** The address as the geocoder understood it. */
export interface PublicServiceAddress {
  normalized: string | null;
  street: string | null;
  city: string | null;
  state: string | null;
  zip: string | null;
  latitude: number | null;
  longitude: number | null;
}

/** Data of the event `change`: where a look-up stands, and what is new. */
export interface ChangeEvent {
  lookup: string;
  agents: Record<string, string>;
  service_address: PublicServiceAddress | null;
  changes: PublicAgentChange[];
}

/** What one agent did: its status before and after; null where it had none. */
export interface PublicAgentChange {
  agent: string;
  before: string | null;
  after: string | null;
}

/** Data of the event `providers`: who serves the address, once the search has ended. */
export interface ProvidersEvent {
  lookup: string;
  providers: PublicProvider[];
}

/** An internet provider that serves the address. */
export interface PublicProvider {
  id: string | null;
  name: string;
  telephone: string | null;
  buyflow_type: string | null;
  button_label: string | null;
  url: string | null;
  logo: string | null;
  icon: string | null;
  min_price: PublicMoney | null;
  promos: PublicPromo[];
  offerings: PublicOffering[];
  catalog: PublicPlan[];
}

/** An amount in hundredths of a currency, by its ISO 4217 code. */
export interface PublicMoney {
  amount_cents: number;
  currency: string;
}

/** A promotion of a provider. */
export interface PublicPromo {
  text: string | null;
  logo_url: string | null;
}

/** What a provider offers at the address over one technology; speeds in Mbps. */
export interface PublicOffering {
  technology: string | null;
  category: string | null;
  max_download_mbps: number | null;
  max_upload_mbps: number | null;
}

/** A product of a provider; its prices by name, such as activation_fee. */
export interface PublicPlan {
  id: string | null;
  sku: string | null;
  name: string | null;
  technology: string | null;
  data_limit: string | null;
  download: PublicSpeedRange | null;
  upload: PublicSpeedRange | null;
  pricing: Record<string, PublicMoney>;
}

/** Speeds in Mbps; both are equal if there is one. */
export interface PublicSpeedRange {
  low: number;
  high: number;
}

/**
 * Data of the event `done`, the last of a look-up.
 * The message is for a person, and null if the outcome is an answer. It took `elapsed` seconds.
 */
export interface DoneEvent {
  lookup: string;
  outcome: Outcome;
  message: string | null;
  elapsed: number | null;
}

export type Outcome =
  | "SERVED"
  | "NO_PROVIDERS"
  | "AMBIGUOUS_ADDRESS"
  | "ADDRESS_NOT_FOUND"
  | "INVALID_ADDRESS"
  | "TIMED_OUT"
  | "EXPIRED"
  | "UNCERTAIN"
  | "FAILED";

/** Data of the event `farewell`: the server is being stopped; come back to it. */
export interface FarewellEvent {
  message: string;
}

/** Why a request was refused, in words that a person may read. */
export interface HubRefusal {
  error: string;
}

/** Look-ups that are unknown or forgotten; to start them again may be billed. */
export interface UnknownLookups {
  error: string;
  unknown: string[];
}

/** Look-ups that another worker has: ask again, and do not start them again. */
export interface LookupsElsewhere {
  error: string;
  elsewhere: string[];
}

/** A look-up has been started, or an earlier one answers for the same address. */
export interface LookupStarted {
  id: string;
}

/** An address by its parts: street1, and zip or city and state. */
export interface AddressFields {
  /** House number and street. */
  street1: string;
  /** Unit, apartment or suite. */
  street2?: string | null;
  /** City. */
  city?: string | null;
  /** Two letters. */
  state?: string | null;
  /** 12345 or 12345-6789, as text. */
  zip?: string | null;
  latitude?: number | null;
  longitude?: number | null;
  /** Outcomes of earlier look-ups after which the address is looked up anew; after UNCERTAIN that may buy it a second time. */
  retry?: ("INVALID_ADDRESS" | "TIMED_OUT" | "EXPIRED" | "UNCERTAIN" | "FAILED")[];
}

/** An address on one line: STREET, UNIT, CITY, STATE ZIP. */
export interface AddressLine {
  address: string;
  /** Outcomes of earlier look-ups after which the address is looked up anew; after UNCERTAIN that may buy it a second time. */
  retry?: ("INVALID_ADDRESS" | "TIMED_OUT" | "EXPIRED" | "UNCERTAIN" | "FAILED")[];
}

/** The body of POST /lookups. */
export type LookupRequest = AddressFields | AddressLine;
