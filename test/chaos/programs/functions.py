def submit(label, i):
    return {"name": "submit", "label": label, "parameters": {"i": i}}


def called(what, attempt):
    """Appends the call to a file, with its number among the calls for one firing."""
    with open("calls", "a") as file:
        file.write(f"{what} {attempt}\n")


def several(event, action, attempt, **_):
    """Requests two jobs of a group."""
    i = event["parameters"]["i"]
    group = action.value()
    called(f"several {group}-{i}", attempt)
    return [submit(group, f"{i}a"), submit(group, f"{i}b")]


def added(action, attempt, **_):
    """Adds a rule on the jobs of a group, and submits them. The value is the group and that of the rule's action."""
    source, group = action.value().split(" ")
    called(f"added {group}", attempt)
    act = {**submit(group, "{{job.parameters.i}}"), "repetitions": 1000}
    return [{"trigger": "job-success", "name": source, "action": act}, {"name": "submit", "label": source}]
