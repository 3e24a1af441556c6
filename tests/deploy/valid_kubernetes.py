"""Checks deploy/kubernetes without a cluster and without a network.

    valid_kubernetes.py FOLDER

Every object must match the schema of the oldest and the newest supported version of Kubernetes, without unknown fields. What the
schemas cannot know is checked too: that the files fit together. Prints every fault; exits with 1 if there is one.
"""

import copy
import sys
import tomllib
from pathlib import Path

import kubernetes_validate
import yaml

VERSIONS = ("1.33", "1.37")
# Read by another program.
NO_OBJECTS = {"kustomization.yaml", "nats-values.yaml"}

faults: list[str] = []


def check(holds: bool, fault: str) -> None:
    if not holds:
        faults.append(fault)


def fault_of(thing: dict, version: str) -> str | None:
    try:
        kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    return None


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def objects(folder: Path, kustomization: dict) -> dict[str, dict]:
    """The objects by kind; there is one of each."""
    found = {}
    named, present = set(kustomization["resources"]), {path.name for path in folder.glob("*.yaml")} - NO_OBJECTS
    check(named == present, f"kustomization.yaml names {sorted(named)}, the folder has {sorted(present)}")
    for name in sorted(named & present):
        for thing in yaml.safe_load_all((folder / name).read_text()):
            found[thing["kind"]] = thing
            for version in VERSIONS:
                fault = fault_of(thing, version)
                check(fault is None, f"{name}, Kubernetes {version}: {fault}")
            # A check that lets everything pass would go unnoticed.
            wrong = copy.deepcopy(thing)
            wrong["spec"]["nonsense"] = True
            check(fault_of(wrong, VERSIONS[-1]) is not None, f"{name}: an unknown field is not noticed")
    return found


def fit_together(found: dict[str, dict], kustomization: dict, settings: dict, values: dict) -> None:
    pod = found["Deployment"]["spec"]["template"]
    labels, spec = pod["metadata"]["labels"], pod["spec"]
    (container,) = spec["containers"]

    selectors = {
        "Deployment": found["Deployment"]["spec"]["selector"]["matchLabels"],
        "Service": found["Service"]["spec"]["selector"],
        "PodDisruptionBudget": found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        "NetworkPolicy": found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    }
    for kind, selector in selectors.items():
        check(selector.items() <= labels.items(), f"{kind} selects {selector}, pods have {labels}")

    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    check(ports["http"] == settings["server"]["port"], "the pod's port is not the one in the settings")
    (service_port,) = found["Service"]["spec"]["ports"]
    check(service_port["targetPort"] in ports, "the Service's port is none of the pod's")
    (rule,) = found["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    check(backend["name"] == found["Service"]["metadata"]["name"], "the Ingress names another Service")
    check(backend["port"]["name"] == service_port["name"], "the Ingress names another port")
    check(settings["server"]["public_url"] == f"https://{rule['host']}", "public_url is not the Ingress's host")

    server = settings["server"]
    shutdown = seconds(server["drain_delay"]) + seconds(server["shutdown_timeout"])
    check(spec["terminationGracePeriodSeconds"] > shutdown, f"a pod is killed before its shutdown ends ({shutdown} s)")

    (generated,) = kustomization["configMapGenerator"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    file = Path(container["args"][container["args"].index("--config") + 1])
    check(mounts[str(file.parent)]["configMap"]["name"] == generated["name"], "the settings are not mounted")
    check(file.name in generated["files"], "the settings' file has another name")
    check(server["data_dir"] in mounts, "the data folder is read-only")

    given = {variable["name"] for variable in container["env"]}
    wanted = {provider["api_key_env"] for provider in settings["providers"]} | {settings["store"]["password_env"]}
    check(given == wanted, f"the settings want {sorted(wanted)}, the pod gets {sorted(given)}")

    images = {image["name"] for image in kustomization["images"]}
    check(container["image"] in images, "kustomization.yaml replaces another image")
    (user,) = values["config"]["merge"]["authorization"]["users"]
    check(user["user"] == settings["store"]["user"], "NATS knows another user")
    check(values["config"]["cluster"]["replicas"] == settings["store"]["replicas"], "NATS has another number of servers")
    room = int(values["config"]["jetstream"]["fileStore"]["maxSize"].removesuffix("Gi")) << 30
    check(settings["store"]["max_bytes"] <= room, "store.max_bytes does not fit into NATS' storage")


def main() -> int:
    folder = Path(sys.argv[1])
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    values = yaml.safe_load((folder / "nats-values.yaml").read_text())
    settings = tomllib.loads((folder / "generation-service.toml").read_text())
    found = objects(folder, kustomization)
    if not faults:
        fit_together(found, kustomization, settings, values)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
