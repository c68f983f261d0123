import type { CaseView } from '../../functions/core/case-view.ts';

/** A case as `GET /cases` lists it. */
export interface CaseSummary {
  id: string;
  status: CaseView['status'];
  closed: unknown;
  endedAt?: string;
}

/** One credential as `GET /world/credentials` tells the truth about it. */
export interface Truth {
  id: string;
  issuer: string;
  alive: boolean;
}

const pageSize = 200;

const read = async <T>(url: string, signal: AbortSignal | undefined): Promise<T> => {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`${new URL(url).pathname} answered ${answer.status}`);
  return (await answer.json()) as T;
};

/** Whether nothing more happens to it by itself: it has ended, or it waits for a person. */
export const isSettled = ({ status, closed, endedAt }: CaseSummary): boolean => Boolean(closed) || endedAt !== undefined || status === 'unmatched' || status === 'waiting';

/** The cases that a delivery opened or joined. */
export const casesOfDelivery = async (url: string, delivery: string, signal?: AbortSignal): Promise<CaseSummary[]> =>
  (await read<{ cases: CaseSummary[] }>(`${url}/cases?limit=${pageSize}&delivery=${encodeURIComponent(delivery)}`, signal)).cases;

/** All cases as the list shows them, the oldest first. */
export const allCases = async (url: string, signal?: AbortSignal): Promise<CaseSummary[]> => {
  const cases: CaseSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await read<{ cases: CaseSummary[]; cursor?: string }>(`${url}/cases?limit=${pageSize}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
    cases.push(...page.cases);
    cursor = page.cursor;
  } while (cursor);
  return cases.reverse();
};

/** All cases in full, the oldest first. */
export const casesInFull = async (url: string, signal?: AbortSignal): Promise<CaseView[]> => {
  const cases: CaseView[] = [];
  for (const { id } of await allCases(url, signal)) cases.push(await read<CaseView>(`${url}/cases/${id}`, signal));
  return cases;
};

/** Every credential of the world as its issuer would decide at this moment. */
export const truthOf = async (url: string, signal?: AbortSignal): Promise<Truth[]> => (await read<{ credentials: Truth[] }>(`${url}/world/credentials`, signal)).credentials;
