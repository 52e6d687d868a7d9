"""OpenAI's Python SDK against a gateway: prints what it saw as JSON."""

import json
import sys

import openai

base_url, key = sys.argv[1:]
client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
body = {"model": "alpha/gpt-a", "messages": [{"role": "user", "content": "hi"}]}


def raised(call):
    try:
        call()
    except openai.APIError as error:
        return {"class": type(error).__name__, "status": error.status_code, "type": error.type, "code": error.code}
    return None


seen = {}
completion = client.chat.completions.create(**body)
seen["plain"] = completion.choices[0].message.content
seen["request_id"] = completion._request_id
seen["stream"] = "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(**body, stream=True))
with client.chat.completions.stream(**body) as stream:
    seen["helper"] = stream.get_final_completion().choices[0].message.content
seen["models"] = [model.id for model in client.models.list()]
seen["wrong_key"] = raised(lambda: openai.OpenAI(base_url=base_url, api_key="wrong", max_retries=0).models.list())
seen["unknown_model"] = raised(lambda: client.chat.completions.create(**{**body, "model": "nope/nope"}))
client.chat.completions.create(**{**body, "model": "alpha/limited"})
seen["quota"] = raised(lambda: client.chat.completions.create(**{**body, "model": "alpha/limited"}))
seen["upstream"] = {
    status: raised(lambda: client.chat.completions.create(**{**body, "model": f"alpha/{status}"})) for status in ("400", "404", "500")
}
print(json.dumps(seen))
