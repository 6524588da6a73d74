/**
 * The whole of a region, on one lab: brought up once, looked at from all sides, changed, broken, mended and removed.
 *
 * Order is part of the test: each scenario finds the region as the one before it left it, healthy. All are in this one
 * file because jest promises no order between files. `KEEP_LAB=1` keeps the lab; `-t "who may log in"` then runs one
 * scenario on it.
 */
import { progress, startTestLab, stopTestLab } from "../support/lab";
import { managementBackups } from "./scenarios/backups";
import { borderGatewayProtocol } from "./scenarios/bgp";
import { changedInPlace } from "./scenarios/changed-in-place";
import { emptyAgain } from "./scenarios/empty-again";
import { failingRouters } from "./scenarios/router-failures";
import { everyHostAnswers } from "./scenarios/hosts";
import { hostKeys } from "./scenarios/host-keys";
import { logins } from "./scenarios/logins";
import { interruptedUp } from "./scenarios/interrupted-up";
import { names } from "./scenarios/names";
import { noChanges } from "./scenarios/no-changes";
import { openPorts } from "./scenarios/open-ports";
import { plainTemplate } from "./scenarios/plain-template";
import { refusedUp } from "./scenarios/refused-up";
import { secretsStaySecret } from "./scenarios/secrets";
import { upFromEmpty } from "./scenarios/up";

jest.setTimeout(600_000);

/** The hosts alone: what is done to them here would take the clusters of kubernetes.test.ts along, and their time. */
const hostsAlone = { "clusters.management.state": "planned", "clusters.workloads.state": "planned" };

beforeAll(() => startTestLab({ overlay: hostsAlone }), 1_200_000);

afterAll(() => stopTestLab(), 180_000);

beforeEach(() => progress.say(`test: ${expect.getState().currentTestName ?? ""}`));

refusedUp();
upFromEmpty();
everyHostAnswers();
names();
borderGatewayProtocol();
openPorts();
logins();
failingRouters();
noChanges();
managementBackups();
changedInPlace();
secretsStaySecret();
hostKeys();
plainTemplate();
emptyAgain();
interruptedUp();
