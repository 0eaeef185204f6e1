import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHostNetwork } from '../../src/cli/host-network.js';

const pod = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('the network of a pod', () => {
  const cases: [title: string, environment: object, interfaces: string[], expected: boolean][] = [
    ['of its own', pod, ['lo', 'eth0'], false],
    ['of its own, with a second interface', pod, ['eth0', 'lo', 'net1', 'tunl0'], false],
    [
      'that is of the node, by flannel',
      pod,
      ['lo', 'ens5', 'cni0', 'flannel.1', 'veth1a2b3c4d'],
      true,
    ],
    ['that is of the node, by calico', pod, ['lo', 'eth0', 'cali0123456789a'], true],
    ['that is of the node, by cilium', pod, ['lo', 'eth0', 'cilium_host', 'lxc_health'], true],
    ['outside of Kubernetes', {}, ['lo', 'eth0', 'docker0', 'veth1a2b3c4d'], false],
  ];
  for (const [title, environment, interfaces, expected] of cases) {
    it(title, () =>
      assert.equal(
        isHostNetwork(environment as Record<string, string>, () => interfaces),
        expected,
      ),
    );
  }

  it('that cannot be looked at is taken for its own', () => {
    const fail = () => {
      throw new Error('EACCES');
    };
    assert.equal(isHostNetwork(pod, fail), false);
  });
});
