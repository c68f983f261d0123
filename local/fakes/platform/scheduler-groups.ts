import type { Clock } from '../../clock.ts';
import { AwsFault } from './aws-service.ts';
import type { Group, Schedules } from './scheduler-journal.ts';
import { pageOf } from './scheduler-pages.ts';

/** What can be asked about schedule groups. Each answers the body, and throws a fault where Scheduler refuses. */
export interface GroupOperations {
  /** Faults where there is no such group. */
  require(name: string): Group;
  arnOf(name: string): string;
  create(name: string): object;
  get(name: string): object;
  /** Deletes at once, with all its schedules; AWS takes minutes for that. */
  delete(name: string): object;
  list(query: URLSearchParams): object;
}

/** Schedule groups; those that are given are there from the start. */
export const groupOperations = (options: { kept: Schedules; clock: Clock; account: string; region: string; given: readonly string[] }): GroupOperations => {
  const { kept, clock } = options;
  for (const name of options.given) if (!kept.groups.has(name)) kept.change({ op: 'put-group', group: { name, createdAt: clock.now().getTime() } });
  const arnOf = (name: string) => `arn:aws:scheduler:${options.region}:${options.account}:schedule-group/${name}`;
  const require = (name: string): Group => {
    const group = kept.groups.get(name);
    if (group === undefined) throw new AwsFault('ResourceNotFoundException', `Schedule group ${name} does not exist.`, 404);
    return group;
  };
  const shown = ({ name, createdAt }: Group) => ({ Arn: arnOf(name), Name: name, State: 'ACTIVE', CreationDate: createdAt / 1000, LastModificationDate: createdAt / 1000 });
  return {
    require,
    arnOf,
    create: (name) => {
      if (kept.groups.has(name)) throw new AwsFault('ConflictException', `Schedule group ${name} already exists.`, 409);
      kept.change({ op: 'put-group', group: { name, createdAt: clock.now().getTime() } });
      return { ScheduleGroupArn: arnOf(name) };
    },
    get: (name) => shown(require(name)),
    delete: (name) => {
      if (name === 'default') throw new AwsFault('ValidationException', 'The default schedule group cannot be deleted.');
      require(name);
      kept.change({ op: 'delete-group', name });
      return {};
    },
    list: (query) => {
      const { items, NextToken } = pageOf([...kept.groups.values()], query, ({ name }) => name);
      return { ScheduleGroups: items.map(shown), NextToken };
    },
  };
};
