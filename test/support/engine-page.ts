import '../../src/engine/no-eval.ts';
import { Engine } from '../../src/engine/engine.ts';
import { carryInPage } from '../../src/engine/page-carrier.ts';
import { TEST_OPERATIONS } from './operations.ts';
import { testRequestSchema } from './protocol.ts';

carryInPage(new Engine(testRequestSchema, TEST_OPERATIONS, navigator.gpu));
