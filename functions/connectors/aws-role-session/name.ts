/** What a credential's name says: which sessions of which role, and issued before when. */
export interface Named {
  /** `arn:aws:iam::111122223333:role` or `arn:aws-cn:...`: what stands before a role's path. */
  partition: string;
  account: string;
  /** The role's own name, without its path. */
  role: string;
  /** The whole ARN of the role, where the name gives it: an assumed role's ARN leaves the path out. */
  roleArn?: string;
  /** The session's name; absent: all sessions of the role. */
  session?: string;
  /** Only sessions issued before then, in whole seconds since 1970; absent: before the act. */
  before?: number;
}

const isoBehind = /@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))$/;
const shape = /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(role|assumed-role)\/(.+)$/;
const roleName = /^[\w+=,.@-]{1,64}$/;
const sessionName = /^[\w+=,.@-]{2,64}$/;

/** A moment in whole seconds since 1970, rounded up: a session that was issued within that second is meant too. */
export const secondsOf = (date: Date): number => Math.ceil(date.getTime() / 1000);

/**
 * Reads `arn:aws:iam::<account>:role/<path/name>` (all sessions) or `arn:aws:sts::<account>:assumed-role/<role>/<session>` (one by its
 * name), either with `@<ISO 8601 time>` behind it. Undefined for anything else. No name of a session holds a colon, so the time cannot be one.
 */
export const namedIn = (name: string): Named | undefined => {
  const time = isoBehind.exec(name);
  const before = time?.[1] === undefined ? undefined : secondsOf(new Date(time[1]));
  if (Number.isNaN(before)) return undefined;
  const arn = time ? name.slice(0, time.index) : name;
  const [, partition = '', service = '', account = '', kind = '', rest = ''] = shape.exec(arn) ?? [];
  const parts = rest.split('/');
  if (service === 'iam' && kind === 'role') {
    const role = parts.at(-1) ?? '';
    return roleName.test(role) && !parts.includes('') ? { partition, account, role, roleArn: arn, before } : undefined;
  }
  if (service !== 'sts' || kind !== 'assumed-role') return undefined;
  const [role = '', session = '', ...more] = parts;
  return roleName.test(role) && sessionName.test(session) && more.length === 0 ? { partition, account, role, session, before } : undefined;
};

/** Why nobody but AWS can change that role, and what to do instead; undefined where we may try. */
export const keptByAws = ({ role, roleArn = '' }: Pick<Named, 'role' | 'roleArn'>): string | undefined => {
  if (role.startsWith('AWSReservedSSO_')) {
    return 'it is a role of IAM Identity Center, which nobody can edit: end the sessions there, by a deny in the permission set or a service control policy on identitystore:UserId';
  }
  if (role.startsWith('AWSServiceRoleFor') || roleArn.includes(':role/aws-service-role/')) {
    return 'it is a service-linked role, whose sessions nobody can revoke: stop what uses it in its service';
  }
  return undefined;
};
