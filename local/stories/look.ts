import type { RunName } from '../../events/trigger.ts';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { LeaseStatus } from '../../functions/core/lease.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';

/** A case as `GET /cases` lists it. */
export interface CaseSummary {
  id: string;
  status: CaseView['status'];
  closed: unknown;
  endedAt?: string;
}

/** A lease as `GET /leases` lists it. */
export interface LeaseSummary {
  id: string;
  status: LeaseStatus;
  run: RunName;
  registeredAt: string;
  /** ISO 8601: when its timer goes off, or when it is tried again. */
  dueAt?: string;
  case?: string;
}

/** One credential as `GET /world/credentials` tells the truth about it. */
export interface Truth {
  id: string;
  issuer: string;
  alive: boolean;
}

const pageSize = 200;

const read = async <T>(url: string, signal: AbortSignal | undefined): Promise<T> => {
  // whoever looks at leases is kept in their ledger
  const answer = await fetch(url, { signal, headers: { 'x-rescind-caller': 'stories' } });
  if (!answer.ok) throw new Error(`${new URL(url).pathname} answered ${answer.status}`);
  return (await answer.json()) as T;
};

/** Whether nothing more happens to it by itself: it has ended, or it waits for a person. */
export const isSettled = ({ status, closed, endedAt }: CaseSummary): boolean => Boolean(closed) || endedAt !== undefined || status === 'unmatched' || status === 'waiting';

/** The cases that a delivery opened or joined. */
export const casesOfDelivery = async (url: string, delivery: string, signal?: AbortSignal): Promise<CaseSummary[]> =>
  (await read<{ cases: CaseSummary[] }>(`${url}/cases?limit=${pageSize}&delivery=${encodeURIComponent(delivery)}`, signal)).cases;

/** Everything that a list shows, page by page, the newest first. */
const pagesOf = async <Key extends string, Item>(key: Key, url: string, signal: AbortSignal | undefined): Promise<Item[]> => {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await read<Record<Key, Item[]> & { cursor?: string }>(`${url}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
    items.push(...page[key]);
    cursor = page.cursor;
  } while (cursor);
  return items;
};

/** All cases as the list shows them, the oldest first. */
export const allCases = async (url: string, signal?: AbortSignal): Promise<CaseSummary[]> =>
  (await pagesOf<'cases', CaseSummary>('cases', `${url}/cases?limit=${pageSize}`, signal)).reverse();

/** All cases in full, the oldest first. */
export const casesInFull = async (url: string, signal?: AbortSignal): Promise<CaseView[]> => {
  const cases: CaseView[] = [];
  for (const { id } of await allCases(url, signal)) cases.push(await read<CaseView>(`${url}/cases/${id}`, signal));
  return cases;
};

/** Leases that are lent, or over and not yet seen dead. */
export const openLeases = async (url: string, signal?: AbortSignal): Promise<LeaseSummary[]> => {
  const ofStatus = (status: LeaseStatus) => pagesOf<'leases', LeaseSummary>('leases', `${url}/leases?limit=${pageSize}&status=${status}`, signal);
  return [...(await ofStatus('active')), ...(await ofStatus('pending-revocation'))];
};

/** All leases in full, the oldest first. */
export const leasesInFull = async (url: string, signal?: AbortSignal): Promise<LeaseView[]> => {
  const heads = await pagesOf<'leases', LeaseSummary>('leases', `${url}/leases?limit=${pageSize}`, signal);
  const leases: LeaseView[] = [];
  for (const { id } of heads.reverse()) leases.push(await read<LeaseView>(`${url}/leases/${id}`, signal));
  return leases;
};

/** Every credential of the world as its issuer would decide at this moment. */
export const truthOf = async (url: string, signal?: AbortSignal): Promise<Truth[]> => (await read<{ credentials: Truth[] }>(`${url}/world/credentials`, signal)).credentials;
