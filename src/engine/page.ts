import './no-eval.ts';
import { requestSchema } from '../shared/protocol.ts';
import { Engine } from './engine.ts';
import { OPERATIONS } from './operations.ts';
import { carryInPage } from './page-carrier.ts';

carryInPage(new Engine(requestSchema, OPERATIONS, navigator.gpu));
