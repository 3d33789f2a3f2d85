"""The chart renders resources that Kubernetes accepts, and pods that can do little."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.files import CHART, needs, rendered_chart

pytestmark = needs("helm_python", "kubernetes_validate")
DIGEST = "sha256:" + "a" * 64
SITUATIONS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "autoscaled": {"autoscaling": {"enabled": True}},
    "pinned": {"image": {"digest": DIGEST}, "imagePullSecrets": [{"name": "registry"}]},
    "closed": {"networkPolicy": {"redis": {"enabled": True}, "collector": {"enabled": True}}},
    "connected": {
        "networkPolicy": {
            "publicPorts": [443, 8443],
            "redis": {"enabled": True, "namespace": "redis", "port": 6380},
            "destinations": [
                {"cidr": "10.20.0.8/32", "port": 8443},
                {"namespace": "storage", "port": 9000},
                {"cidr": "169.254.20.10/32", "port": 53, "protocol": "UDP"},
            ],
        }
    },
    "with files": {"files": {"redis-ca.pem": "-----BEGIN", "trusted.json": "{}"}, "filesSecretName": "keys"},
    "open": {"networkPolicy": {"enabled": False}, "podAnnotations": {"team": "data"}, "nodeSelector": {"a": "b"}},
    "stored": {"record": {"storageClassName": "fast"}, "tolerations": [{"key": "a", "operator": "Exists"}]},
}
VERSIONS = ("1.28", "1.37")
"""The oldest version of Kubernetes that the chart names, and a new one."""


def pod(values: dict[str, Any] | None = None) -> dict[str, Any]:
    """The template of the pods."""
    template: dict[str, Any] = rendered_chart(values)["StatefulSet graph-student-graph"]["spec"]["template"]
    return template


def test_helm_has_no_complaint() -> None:
    """Its strict lint finds no error and no warning."""
    import helm_python  # noqa: PLC0415 - only where it is installed

    result = helm_python.lint(str(CHART), strict=True)

    assert result["errors"] == []
    assert [message["error"] for message in result["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_kubernetes_accepts_every_resource(situation: str, version: str) -> None:
    """By its own schemas, with no member that it would drop."""
    import kubernetes_validate  # noqa: PLC0415 - only where it is installed

    for resource in rendered_chart(SITUATIONS[situation]).values():
        kubernetes_validate.validate(resource, version, strict=True)


@pytest.mark.parametrize(
    "values",
    [
        {"replica": 3},
        {"image": {"digest": "latest"}},
        {"settings": ""},
        {"terminationGracePeriodSeconds": 5},
        {"networkPolicy": {"publicPorts": []}},  # Kubernetes takes an empty list for all ports
        {"networkPolicy": {"redis": {"cidr": None}}},
        {"networkPolicy": {"destinations": [{"port": 8443}]}},
        {"networkPolicy": {"destinations": [{"cidr": "10.20.0.8", "port": 8443}]}},
        {"networkPolicy": {"destinations": [{"cidr": "10.20.0.8/32", "namespace": "storage", "port": 8443}]}},
        {"files": {"gateway.toml": "[server]"}},
    ],
    ids=str,
)
def test_values_that_are_wrong_are_refused(values: dict[str, Any]) -> None:
    """By the schema of the values: names that are none, and values that could not work."""
    import helm_python  # noqa: PLC0415 - only where it is installed

    with helm_python.Chart.load(str(CHART)) as chart, pytest.raises(helm_python.HelmError):
        chart.validate_schema(values)


def test_a_pod_can_do_little() -> None:
    """It is not root, writes only its record, and holds no token of the cluster."""
    spec = pod()["spec"]
    [container] = spec["containers"]

    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["/var/lib/student-graph", "/tmp"]  # noqa: S108 - the container's own


def test_secrets_are_named_and_never_in_the_chart() -> None:
    """Pods read them from a Secret that somebody else makes."""
    resources = rendered_chart({"secretName": "from-elsewhere"})

    assert not any(name.startswith("Secret ") for name in resources)
    [container] = resources["StatefulSet graph-student-graph"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "from-elsewhere"}}]


def test_new_settings_and_files_restart_the_pods() -> None:
    """Their checksum is part of the pod's template."""
    values = [{"settings": "a"}, {"settings": "a"}, {"settings": "b"}, {"settings": "a", "files": {"b": "c"}}]
    checksums = {pod(value)["metadata"]["annotations"]["checksum/settings"] for value in values}

    assert len(checksums) == 3


def test_files_are_beside_the_settings_file() -> None:
    """Where relative paths of the settings begin; secret ones come from a Secret that somebody else makes."""
    values = SITUATIONS["with files"]
    data = rendered_chart(values)["ConfigMap graph-student-graph"]["data"]
    spec = pod(values)["spec"]
    [mount] = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == "settings"]
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "settings"]

    assert data.keys() == {"gateway.toml", "redis-ca.pem", "trusted.json"}
    assert mount == {"name": "settings", "mountPath": "/etc/student-graph", "readOnly": True}
    assert volume["projected"]["sources"] == [
        {"configMap": {"name": "graph-student-graph"}},
        {"secret": {"name": "keys"}},
    ]


def test_pods_are_ready_by_one_address_and_alive_by_another() -> None:
    """A pod that drains is not killed."""
    [container] = pod()["spec"]["containers"]

    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"


def test_a_digest_goes_before_a_tag() -> None:
    """What was verified is what runs."""
    [container] = pod({"image": {"digest": DIGEST}})["spec"]["containers"]

    assert container["image"] == f"registry.example.org/student-graph@{DIGEST}"


def test_the_number_of_pods_has_one_owner() -> None:
    """With autoscaling the chart sets none, or each upgrade would undo it."""
    name = "StatefulSet graph-student-graph"

    assert rendered_chart()[name]["spec"]["replicas"] == 2
    assert "replicas" not in rendered_chart({"autoscaling": {"enabled": True}})[name]["spec"]


def test_pods_are_reached_from_the_ingress_and_the_monitoring_only() -> None:
    """And reach HTTPS outside, names, and what the values list: no private network."""
    policy = rendered_chart(SITUATIONS["closed"])["NetworkPolicy graph-student-graph"]["spec"]
    sources = [source["namespaceSelector"]["matchLabels"] for rule in policy["ingress"] for source in rule["from"]]
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]

    assert [labels["kubernetes.io/metadata.name"] for labels in sources] == ["ingress", "monitoring"]
    assert ports == [[53, 53], [443], [6379], [4318]]
    assert "10.0.0.0/8" in policy["egress"][1]["to"][0]["ipBlock"]["except"]


def test_pods_reach_the_vendors_and_services_that_the_values_list() -> None:
    """Public addresses on more ports; a private network, a namespace of the cluster, another DNS; and no more."""
    policy = rendered_chart(SITUATIONS["connected"])["NetworkPolicy graph-student-graph"]["spec"]
    _, public, *others = policy["egress"]

    assert [port["port"] for port in public["ports"]] == [443, 8443]
    assert others == [
        {"to": [in_namespace("redis")], "ports": [{"port": 6380, "protocol": "TCP"}]},
        {"to": [{"ipBlock": {"cidr": "10.20.0.8/32"}}], "ports": [{"port": 8443, "protocol": "TCP"}]},
        {"to": [in_namespace("storage")], "ports": [{"port": 9000, "protocol": "TCP"}]},
        {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]},
    ]


def in_namespace(name: str) -> dict[str, Any]:
    """The pods of a namespace, as a peer of a policy."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_the_record_outlives_its_pod() -> None:
    """Neither an uninstalled release nor a smaller fleet removes it."""
    spec = rendered_chart()["StatefulSet graph-student-graph"]["spec"]

    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
