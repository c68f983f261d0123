import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../functions/aws/api-routes.ts';
import { leaseRoutes } from '../../functions/leases.ts';
import { apiRoutes, leaseRoutes as leaseRoutesLetIn, tokenRoutes, triggerRoute } from '../../infra/ingress.ts';
import { statuses } from '../../cli/leases/answers.ts';
import { accessors, finding, openHouse, run, type House } from './house.ts';
import { problemsOf, type Schema } from './schema.ts';

interface Content { content: Record<string, { schema: Schema }> }
interface Operation { 'x-only-locally'?: boolean; security?: Record<string, unknown>[]; responses: Record<string, { $ref: string } | Content> }

const file = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Content> };
};

const methods = ['get', 'post', 'put', 'delete', 'patch', 'options', 'head'];

const operations = Object.entries(file.paths).flatMap(([path, item]) =>
  Object.entries(item).filter(([method]) => methods.includes(method)).map(([method, operation]) => ({ path, name: `${method.toUpperCase()} ${path}`, operation })),
);
const deployed = operations.filter(({ operation }) => operation['x-only-locally'] !== true);
const namesOf = (list: { name: string }[]): string[] => list.map(({ name }) => name).sort();
const trigger = `POST ${triggerRoute.path}`;

/** The schema of one operation's answer with a status. */
const schemaOf = (name: string, status: number): Schema => {
  const answer = operations.find((operation) => operation.name === name)?.operation.responses[status];
  if (!answer) throw new Error(`docs/openapi.json knows no ${status} of ${name}`);
  const whole = '$ref' in answer ? file.components.responses[answer.$ref.replace('#/components/responses/', '')] : answer;
  if (!whole) throw new Error(`docs/openapi.json: a reference of ${name} leads nowhere`);
  const [content] = Object.values(whole.content);
  if (!content) throw new Error(`docs/openapi.json: the ${status} of ${name} has no content`);
  return content.schema;
};

describe('docs/openapi.json', () => {
  it('names the paths and methods that the code has, and no others', () => {
    const inCode = [...routes, ...leaseRoutes].flatMap(({ path, methods: acts }) => Object.keys(acts).map((method) => ({ name: `${method} /${path.join('/')}` })));
    expect(namesOf(deployed)).toEqual(namesOf([...inCode, { name: trigger }]));
  });

  it('names the paths and methods that the stack lets in', () => {
    expect(namesOf(deployed)).toEqual(namesOf([...[...apiRoutes, ...tokenRoutes, ...leaseRoutesLetIn].map(([method, path]) => ({ name: `${method} ${path}` })), { name: trigger }]));
  });

  it('asks for a token where the stack lets in whoever has one, and nowhere else', () => {
    const withToken = deployed.filter(({ operation }) => operation.security?.some((one) => 'oidc' in one));
    expect(namesOf(withToken)).toEqual(namesOf(tokenRoutes.map(([method, path]) => ({ name: `${method} ${path}` }))));
  });

  it('knows every status of a lease', () => {
    expect(file.components.schemas.LeaseStatus?.enum).toEqual(statuses);
  });

  it('uses every schema that it defines', () => {
    const text = JSON.stringify(file);
    for (const name of Object.keys(file.components.schemas)) expect(text, name).toContain(`"#/components/schemas/${name}"`);
  });

  it('is checked by rules that see what is wrong', () => {
    const { Case: schema } = file.components.schemas;
    expect(problemsOf({ id: 1, extra: true }, schema as Schema, file.components.schemas)).toEqual(expect.arrayContaining(['answer.id: is 1, not of type string', 'answer.extra: is not in the schema', expect.stringContaining('has no status')]));
  });
});

describe('the answers of a running service', () => {
  let house: House;
  const seen = new Set<string>();

  /** Asks, and holds status and body against the file. */
  const ask = async (method: string, path: string, status: number, options: { body?: unknown; caller?: string; token?: string; as?: string; raw?: string } = {}): Promise<Record<string, unknown>> => {
    const response = await fetch(house.url + path, {
      method,
      body: options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      headers: { 'content-type': 'application/json', ...(options.caller ? { 'x-rescind-caller': options.caller } : {}), ...(options.token ? { authorization: `Bearer ${options.token}` } : {}) },
    });
    return holds(response, options.as ?? `${method} ${path.split('?')[0]}`, status);
  };

  const holds = async (response: Response, name: string, status: number): Promise<Record<string, unknown>> => {
    const text = await response.text();
    const body = (response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text) as Record<string, unknown>;
    expect(response.status, `${name}: ${JSON.stringify(body)}`).toBe(status);
    expect(problemsOf(body, schemaOf(name, status), file.components.schemas, `${name} ${status}`)).toEqual([]);
    seen.add(name);
    return body;
  };

  const reported = async (findings: object[]): Promise<string> => (await holds(await house.report(findings), trigger, 202)).delivery as string;

  let green: string;
  let red: string;
  let waiting: string;
  let unmatched: string;

  beforeAll(async () => {
    house = await openHouse();
    const { key, other, ftp, stranger } = house.values;
    const [ftpDelivery, nameDelivery, strangerDelivery] = await Promise.all([
      reported([finding('generic-api-key', ftp, 'deploy/ftp.env')]),
      reported([finding('aws-access-token', key, 'a.env')]),
      reported([finding('generic-api-key', stranger, 'c.env')]),
      ask('POST', '/aws-events', 202, { body: healthEvent(other) }),
    ]);
    [red, waiting, unmatched, green] = await Promise.all([house.caseOf(ftpDelivery, 'not-contained'), house.caseOf(nameDelivery, 'waiting'), house.caseOf(strangerDelivery, 'unmatched'), caseOfCredential(`aws-iam-key:${other}`, 'contained')]);
  }, 60_000);
  afterAll(() => house.close());

  const caseOfCredential = async (id: string, status: string): Promise<string> => {
    for (let tries = 0; tries < 400; tries += 1) {
      const { cases } = (await ask('GET', `/cases?credential=${id}`, 200)) as { cases: { id: string; status: string }[] };
      if (cases[0]?.status === status) return cases[0].id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no case of ${id} became ${status}`);
  };

  it('show cases of every kind as the file says', async () => {
    for (const [id, status] of [[green, 'contained'], [red, 'not-contained'], [waiting, 'waiting'], [unmatched, 'unmatched']] as const) {
      expect(await ask('GET', `/cases/${id}`, 200, { as: 'GET /cases/{id}' })).toMatchObject({ id, status });
    }
    expect(await ask('GET', `/cases/${green}`, 200, { as: 'GET /cases/{id}' })).toMatchObject({ outcomes: [{ outcome: 'attested', green: true }] });
  });

  it('list cases, a page at a time and by status', async () => {
    const { cases, cursor } = (await ask('GET', '/cases?limit=1', 200)) as { cases: unknown[]; cursor: string };
    expect(cases).toHaveLength(1);
    const rest = (await ask('GET', `/cases?limit=200&cursor=${cursor}`, 200)) as { cases: unknown[] };
    expect(rest.cases).toHaveLength(3);
    expect(await ask('GET', '/cases?status=not-contained', 200)).toMatchObject({ cases: [{ id: red }] });
    await ask('GET', '/cases?status=green', 400);
  });

  it('refuse a page of a size that is none', async () => {
    for (const path of ['/cases', '/tasks', '/credentials']) for (const limit of ['abc', '0', '-1', '201']) await ask('GET', `${path}?limit=${limit}`, 400);
  });

  it('list tasks and take answers', async () => {
    const { tasks } = (await ask('GET', '/tasks?status=open', 200)) as { tasks: { id: string; case: string; kind: string }[] };
    await ask('GET', '/tasks?status=late', 400);
    const approval = tasks.find((task) => task.case === waiting);
    const chore = tasks.find((task) => task.case === red);
    expect([approval?.kind, chore?.kind]).toEqual(['approve', 'act']);
    const as = 'POST /tasks/{id}';
    const body = { answer: 'reject', reason: 'the secret half is invented' };
    await ask('POST', `/tasks/${approval?.id}`, 403, { as, body });
    await ask('POST', `/tasks/${approval?.id}`, 400, { as, caller: 'ana', body: { answer: 'perhaps' } });
    await ask('POST', '/tasks/t-none', 404, { as, caller: 'ana', body });
    expect(await ask('POST', `/tasks/${approval?.id}`, 200, { as, caller: 'ana', body })).toMatchObject({ status: 'answered', answeredBy: 'ana' });
    await ask('POST', `/tasks/${approval?.id}`, 409, { as, caller: 'ben', body: { answer: 'approve', reason: 'no' } });
    await ask('POST', `/tasks/${chore?.id}`, 200, { as, caller: 'ana', body: { answer: 'done', reason: 'the FTP server is gone' } });
  });

  it('close a case with a reason', async () => {
    const as = 'POST /cases/{id}/close';
    const body = { reason: 'the server is gone' };
    await ask('POST', `/cases/${red}/close`, 403, { as, body });
    await ask('POST', `/cases/${red}/close`, 400, { as, caller: 'ana', body: {} });
    await ask('POST', '/cases/c-none/close', 404, { as, caller: 'ana', body });
    const closed = await ask('POST', `/cases/${red}/close`, 200, { as, caller: 'ana', body });
    expect(closed).toMatchObject({ status: 'closed', closed: { by: 'ana', reason: body.reason }, remaining: [] });
    expect(await ask('GET', '/cases?status=closed', 200)).toMatchObject({ cases: expect.arrayContaining([expect.objectContaining({ id: red, closed: closed.closed })]) });
    await ask('POST', `/cases/${red}/close`, 409, { as, caller: 'ana', body });
    await ask('GET', '/cases/c-none', 404, { as: 'GET /cases/{id}' });
  });

  it('tell what the registry knows, and what could not be read', async () => {
    expect(await ask('GET', '/credentials', 200)).toMatchObject({ unreadable: [{ secret: 'orders/locked' }] });
    const known = { principal: 'orders-0', owner: 'orders', copies: [{ name: 'orders/aws', bound: true }] };
    const { credentials } = (await ask('GET', '/credentials', 200)) as { credentials: { id: string }[] };
    expect(credentials.find(({ id }) => id === `aws-iam-key:${house.values.key}`)).toMatchObject(known);
    expect(await ask('GET', `/credentials?id=aws-iam-key:${house.values.key}`, 200)).toMatchObject({ credentials: [{ ...known, case: waiting, children: [] }] });
    await ask('GET', '/credentials?id=aws-iam-key:none', 404);
    expect(await ask('GET', '/health', 200)).toMatchObject({ mode: 'enforce' });
  });

  describe('about leases', () => {
    const nightly = 'arn:aws:sts::111122223333:assumed-role/nightly/job-1';
    const wish = (accessor: string, more: object = {}) => ({ credential: { connector: 'vault', id: `token/${accessor}` }, reason: 'builds the shop', minutes: 30, ...more });
    const becomes = async (id: unknown, status: string): Promise<Record<string, unknown>> => {
      for (let tries = 0; tries < 200; tries += 1) {
        const found = await ask('GET', `/leases/${String(id)}`, 200, { as: 'GET /leases/{id}' });
        if (found.status === status) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`the lease ${String(id)} never became ${status}`);
    };

    it('lend, renew and end by a token', async () => {
      const token = await house.token();
      const lent = await ask('POST', '/leases', 201, { token, body: wish(accessors[0]) });
      expect(lent).toMatchObject({ status: 'active', run: { platform: 'github-actions', run: `7301/${run}`, attempt: '1', job: '31' } });
      expect(await ask('POST', '/leases', 200, { token, body: wish(accessors[0]) })).toMatchObject({ id: lent.id });
      await ask('POST', `/leases/${String(lent.id)}/renew`, 200, { token, body: { minutes: 45 }, as: 'POST /leases/{id}/renew' });
      await ask('POST', `/leases/${String(lent.id)}/renew`, 400, { token, body: { minutes: 61 }, as: 'POST /leases/{id}/renew' });
      await ask('POST', `/leases/${String(lent.id)}/end`, 404, { token: await house.token({ run_id: '1' }), as: 'POST /leases/{id}/end' });
      await ask('POST', `/leases/${String(lent.id)}/end`, 202, { token, as: 'POST /leases/{id}/end' });
      expect(await becomes(lent.id, 'released')).toMatchObject({ basis: 'record', ending: { kind: 'by-holder' } });
      await ask('POST', `/leases/${String(lent.id)}/renew`, 409, { token, as: 'POST /leases/{id}/renew' });
      expect(await ask('POST', '/leases', 409, { token, body: wish(accessors[0]) })).toMatchObject({ lease: lent.id });
      await ask('POST', '/leases', 403, { token, body: wish('nosuchaccessor0000000000') });
    });

    it('refuse what is for a run that is over', async () => {
      await ask('POST', '/aws-events', 202, { body: { source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: '2026-01-01T00:00:00Z', detail: { jobId: 'job-2', status: 'SUCCEEDED' } } });
      await house.foundation('release').sleep(5_000);
      const { lease } = await ask('POST', '/iam/leases', 409, { caller: nightly, body: wish(accessors[3], { run: { platform: 'aws-batch', run: 'job-2' } }) });
      expect(await becomes(lease, 'released')).toMatchObject({ ending: { kind: 'run-was-over' } });
    });

    it('lend, renew and end by AWS credentials', async () => {
      const runOfBatch = { run: { platform: 'aws-batch', run: 'job-1' } };
      const lent = await ask('POST', '/iam/leases', 201, { caller: nightly, body: wish(accessors[2], runOfBatch) });
      await ask('POST', '/iam/leases', 200, { caller: nightly, body: wish(accessors[2], runOfBatch) });
      await ask('POST', '/iam/leases', 400, { caller: nightly, body: wish(accessors[2]) });
      await ask('POST', '/iam/leases', 403, { caller: 'arn:aws:iam::111122223333:role/other', body: wish(accessors[2], runOfBatch) });
      await ask('POST', '/iam/leases', 401, { body: {} });
      await ask('POST', `/iam/leases/${String(lent.id)}/renew`, 200, { caller: nightly, body: {}, as: 'POST /iam/leases/{id}/renew' });
      await ask('POST', `/iam/leases/${String(lent.id)}/end`, 202, { caller: nightly, as: 'POST /iam/leases/{id}/end' });
      await becomes(lent.id, 'released');
      await ask('POST', `/iam/leases/${String(lent.id)}/renew`, 409, { caller: nightly, body: {}, as: 'POST /iam/leases/{id}/renew' });
    });

    it('let operators look and end, with a reason', async () => {
      const lent = await ask('POST', '/leases', 201, { token: await house.token(), body: wish(accessors[1], { until: 'run' }) });
      const as = 'POST /leases/{id}/revoke';
      await ask('POST', `/leases/${String(lent.id)}/revoke`, 403, { as, body: { reason: 'the runner was lost' } });
      await ask('POST', `/leases/${String(lent.id)}/revoke`, 400, { as, caller: 'ana', body: {} });
      await ask('POST', '/leases/l-none/revoke', 404, { as, caller: 'ana', body: { reason: 'the runner was lost' } });
      await ask('POST', `/leases/${String(lent.id)}/revoke`, 202, { as, caller: 'ana', body: { reason: 'the runner was lost' } });
      await becomes(lent.id, 'released');
      const { leases, cursor } = (await ask('GET', '/leases?status=released&limit=1', 200)) as { leases: unknown[]; cursor: string };
      expect(leases).toMatchObject([{ id: lent.id, status: 'released', subject: 'docs/shop' }]);
      await ask('GET', `/leases?limit=1&cursor=${cursor}`, 200);
      await ask('GET', '/leases?status=dead', 400);
      await ask('GET', '/leases/l-none', 404, { as: 'GET /leases/{id}' });
    });

    it('refuse whoever may not, what is malformed and what is too large', async () => {
      const token = await house.token();
      for (const path of ['/leases', '/leases/l-none/renew', '/leases/l-none/end']) {
        const as = `POST ${path.replace('l-none', '{id}')}`;
        await ask('POST', path, 401, { as, body: {} });
        await ask('POST', path, 403, { as, token: await house.token({ repository_id: '666' }), body: {} });
        await ask('POST', path, 413, { as, token, raw: ' '.repeat(64 * 1024 + 1) });
      }
      await ask('POST', '/leases', 400, { token, body: { credential: 'all of them' } });
      await ask('POST', '/leases', 403, { token, body: wish('no-such-accessor') });
      await ask('POST', '/leases', 404, { token, body: wish('gone-accessor') });
      await ask('POST', '/leases', 403, { token, body: { ...wish('x'), credential: { connector: 'aws-iam-key', id: 'x' } } });
      for (const path of ['/leases', '/iam/leases']) await ask('DELETE', path, 405, { as: `POST ${path}` });
      await ask('PUT', '/leases/l-none/revoke', 405, { as: 'POST /leases/{id}/revoke' });
    });
  });

  it('tell the truth beside Rescind\'s word', async () => {
    const { credentials } = (await ask('GET', '/world/credentials', 200)) as { credentials: { id: string; alive: boolean }[] };
    expect(credentials.find(({ id }) => id === `aws-iam-key:${house.values.other}`)?.alive).toBe(false);
    expect(credentials.find(({ id }) => id === `aws-iam-key:${house.values.key}`)?.alive).toBe(true);
  });

  it('sign for a sender', async () => {
    const as = 'POST /world/sign/{source}';
    const body = [finding('generic-api-key', house.values.stranger, 'd.env')];
    const headers = String(await ask('POST', '/world/sign/gitleaks', 200, { as, body }));
    const signed = Object.fromEntries(headers.trim().split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    await holds(await fetch(`${house.url}/triggers/gitleaks`, { method: 'POST', body: JSON.stringify(body), headers: signed }), trigger, 202);
    await ask('POST', '/world/sign/nobody', 404, { as, body });
    await ask('GET', '/world/sign/gitleaks', 405, { as });
  });

  it('refuse what is wrong with a reason', async () => {
    await holds(await house.report([], (headers) => ({ ...headers, 'webhook-signature': '' })), trigger, 401);
    await ask('POST', '/triggers/nobody', 404, { as: trigger, body: [] });
    await ask('PUT', '/triggers/gitleaks', 405, { as: trigger, body: [] });
    await ask('POST', '/triggers/gitleaks', 413, { as: trigger, raw: ' '.repeat(1024 * 1024 + 1) });
    await holds(await house.report([{ a: 'stranger' }]), trigger, 400);
    await ask('POST', '/aws-events', 400, { raw: '{' });
    await ask('GET', '/aws-events', 405, { as: 'POST /aws-events' });
    for (const path of ['/cases', '/tasks', '/credentials', '/health']) await ask('DELETE', path, 405, { as: `GET ${path}` });
  });

  it('were held against every operation of the file', () => {
    expect([...seen].sort()).toEqual(namesOf(operations));
  });
});

const healthEvent = (id: string): object => ({
  id: 'e-1', source: 'aws.health', 'detail-type': 'AWS Health Event', account: '111122223333', region: 'us-east-1', time: '2026-01-01T00:00:00Z', resources: [id],
  detail: {
    eventArn: 'arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/1', service: 'RISK', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED', eventTypeCategory: 'issue', startTime: 'Thu, 01 Jan 2026 00:00:00 GMT', statusCode: 'open',
    affectedAccount: '111122223333', affectedEntities: [{ entityValue: id }],
  },
});
