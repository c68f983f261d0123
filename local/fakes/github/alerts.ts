import type { StoredAlert } from './state.ts';

/** An alert as the REST API shows it, with the secret itself: that is what the API is for. */
export const shownAlert = (alert: StoredAlert, origin: string): object => {
  const api = `${origin}/repos/${alert.repository}/secret-scanning/alerts/${alert.number}`;
  const [owner = '', name = ''] = alert.repository.split('/');
  return {
    number: alert.number,
    created_at: alert.created_at,
    updated_at: alert.updated_at,
    url: api,
    html_url: `https://github.com/${alert.repository}/security/secret-scanning/${alert.number}`,
    locations_url: `${api}/locations`,
    state: alert.state,
    secret_type: alert.secret_type,
    secret_type_display_name: alert.secret_type_display_name ?? alert.secret_type.replaceAll('_', ' '),
    secret: alert.secret,
    resolution: alert.resolution,
    resolved_by: alert.resolved_by === null ? null : { login: alert.resolved_by, type: 'User' },
    resolved_at: alert.resolved_at,
    resolution_comment: alert.resolution_comment,
    push_protection_bypassed: false,
    push_protection_bypassed_by: null,
    push_protection_bypassed_at: null,
    validity: alert.validity ?? 'unknown',
    publicly_leaked: alert.publicly_leaked ?? false,
    multi_repo: false,
    is_base64_encoded: false,
    repository: { name, full_name: alert.repository, owner: { login: owner } },
  };
};

/** The page of a list that a query asks for, and the `link` header that leads on. */
export const paged = <One>(all: readonly One[], query: URLSearchParams, address: string): { items: One[]; headers: Record<string, string> } => {
  const size = Math.min(100, Math.max(1, Math.trunc(Number(query.get('per_page') ?? 30)) || 30));
  const last = Math.max(1, Math.ceil(all.length / size));
  const page = Math.max(1, Math.trunc(Number(query.get('page') ?? 1)) || 1);
  const link = (number: number, rel: string) => {
    const params = new URLSearchParams(query);
    params.set('page', String(number));
    return `<${address}?${params.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  return { items: all.slice((page - 1) * size, page * size), headers: links.length === 0 ? {} : { link: links.join(', ') } };
};

const RESOLUTIONS = ['false_positive', 'wont_fix', 'revoked', 'used_in_tests'];

/** The fields that a PATCH of an alert changes, or what is wrong with it. */
export const alertUpdate = (body: Record<string, unknown> | undefined, login: string, now: Date): { fields: Partial<StoredAlert> } | { invalid: string } => {
  if (body === undefined) return { invalid: 'Problems parsing JSON' };
  const at = now.toISOString();
  const { state, resolution, resolution_comment: comment } = body;
  if (state === 'open') return { fields: { state, resolution: null, resolution_comment: null, resolved_at: null, resolved_by: null, updated_at: at } };
  if (state !== 'resolved') return { invalid: 'state must be open or resolved' };
  if (typeof resolution !== 'string' || !RESOLUTIONS.includes(resolution)) return { invalid: `resolution must be one of ${RESOLUTIONS.join(', ')}` };
  return { fields: { state, resolution, resolution_comment: typeof comment === 'string' ? comment : null, resolved_at: at, resolved_by: login, updated_at: at } };
};
