import { serviceOf, type House } from '../operations.ts';
import { queryAnswer } from '../query.ts';
import type { AwsService } from '../server.ts';
import { accessKeys } from './access-keys.ts';
import { policies } from './policies.ts';
import { roles } from './roles.ts';
import { simulation } from './simulate.ts';
import { users } from './users.ts';

/** IAM: users, roles, access keys and inline policies. */
export const iam = (house: House): AwsService => serviceOf(house, { ...users, ...roles, ...accessKeys, ...policies, ...simulation }, queryAnswer);
