"""Anthropic's Python SDK against a gateway: prints what it saw as JSON."""

import json
import sys

import anthropic

base_url, key = sys.argv[1:]
client = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0)
body = {"model": "beta/claude-b", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}


def raised(call):
    try:
        call()
    except anthropic.APIStatusError as error:
        return {"class": type(error).__name__, "status": error.status_code, "type": error.body["error"]["type"]}
    return None


seen = {}
message = client.messages.create(**body)
seen["plain"] = message.content[0].text
seen["request_id"] = message._request_id
with client.messages.stream(**body) as stream:
    seen["stream"] = "".join(stream.text_stream)
    seen["usage"] = stream.get_final_message().usage.output_tokens
seen["models"] = [model.id for model in client.models.list()]
seen["wrong_key"] = raised(lambda: anthropic.Anthropic(base_url=base_url, api_key="wrong", max_retries=0).models.list())
seen["unknown_model"] = raised(lambda: client.messages.create(**{**body, "model": "nope/nope"}))
client.messages.create(**{**body, "model": "beta/limited"})
seen["quota"] = raised(lambda: client.messages.create(**{**body, "model": "beta/limited"}))
seen["upstream"] = {
    status: raised(lambda: client.messages.create(**{**body, "model": f"beta/{status}"})) for status in ("400", "404", "529")
}
print(json.dumps(seen))
