/**
 * A whole region with its clusters, on one lab: from an empty vCenter to a name that answers, looked at from all sides.
 * As in region.test.ts each scenario finds the region as the one before it left it; `KEEP_LAB=1` and `-t` work alike.
 */
import { fetchKubeconfigs } from "../../lab/kubectl";
import { keepsLab, lab, progress, startTestLab, stopTestLab } from "../support/lab";
import { restoredCluster, restoredManagementPlane } from "./scenarios/backups";
import { cis } from "./scenarios/cis";
import { clusterApi } from "./scenarios/cluster-api";
import { clusterNames, foreignForwarder } from "./scenarios/cluster-names";
import { clusterPorts } from "./scenarios/cluster-ports";
import { deletedCluster } from "./scenarios/deleted-cluster";
import { exhaustedSlice } from "./scenarios/exhausted-slice";
import { headline } from "./scenarios/headline";
import { kubectlLogin } from "./scenarios/kubectl-login";
import { replacedMachines, steadyMachines } from "./scenarios/machines";
import { managementPlaneOnCapi } from "./scenarios/management-plane";
import { noWarnings } from "./scenarios/no-warnings";
import { nodes } from "./scenarios/nodes";
import { openingsScenario } from "./scenarios/openings";
import { pods } from "./scenarios/pods";
import { routes } from "./scenarios/routes";
import { takenAddress } from "./scenarios/taken-address";
import { verifyTellsTheTruth } from "./scenarios/verify";
import { wrongAuthority } from "./scenarios/wrong-authority";

jest.setTimeout(600_000);

beforeAll(async () => {
  await startTestLab();
  if (keepsLab && (await lab().stack.isDeployed())) await fetchKubeconfigs(lab());
}, 1_200_000);

afterAll(() => stopTestLab(), 300_000);

beforeEach(() => progress.say(`test: ${expect.getState().currentTestName ?? ""}`));

headline();
managementPlaneOnCapi();
clusterApi();
noWarnings();
nodes();
cis();
pods();
routes();
openingsScenario();
clusterPorts();
clusterNames();
foreignForwarder();
wrongAuthority();
exhaustedSlice();
takenAddress();
kubectlLogin();
restoredCluster("workloads");
restoredManagementPlane();
verifyTellsTheTruth();
steadyMachines();
replacedMachines("workloads", "general");
deletedCluster();
