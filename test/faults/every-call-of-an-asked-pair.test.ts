import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a key pair whose owner is asked first');
