"""The official Python SDKs, for a harness that says what to ask: a job a line in, what came of it a line out.

A job is {"url", "key", "call", "body"}: the call is one of the names below. An answer is {"answer"}, {"events"} or
{"error"}, all as the SDK shows them to a program.
"""

import json
import sys

import anthropic
import openai
import pydantic


def messages(client, body):
    return {"answer": client.messages.create(**body).to_dict()}


def messages_iterated(client, body):
    return {"events": [event.to_dict() for event in client.messages.create(**body, stream=True)]}


def messages_helper(client, body):
    with client.messages.stream(**body) as stream:
        return {"answer": stream.get_final_message().to_dict()}


def messages_left(client, body):
    with client.messages.create(**body, stream=True) as stream:
        next(iter(stream))
    return {}


ASKING = {"stream_options": {"include_usage": True}}


@anthropic.beta_tool
def get_weather(city: str, days: int = 0, detail: dict | None = None) -> str:
    """The weather of a city"""
    return f"weather of {city}"


@anthropic.beta_tool
def get_time(zone: str) -> str:
    """The time in a zone"""
    return f"time in {zone}"


def messages_looped(client, body):
    runner = client.beta.messages.tool_runner(**body, tools=[get_weather, get_time])
    return {"answer": runner.until_done().to_dict()}


def chat(client, body):
    return {"answer": client.chat.completions.create(**body).to_dict()}


def chat_iterated(client, body):
    return {"events": [chunk.to_dict() for chunk in client.chat.completions.create(**body, **ASKING, stream=True)]}


def chat_helper(client, body):
    with client.chat.completions.stream(**body, **ASKING) as stream:
        return {"answer": stream.get_final_completion().to_dict()}


def chat_left(client, body):
    with client.chat.completions.create(**body, stream=True) as stream:
        next(iter(stream))
    return {}


def responses(client, body):
    return {"answer": client.responses.create(**body).to_dict()}


def responses_iterated(client, body):
    return {"events": [event.to_dict() for event in client.responses.create(**body, stream=True)]}


def responses_helper(client, body):
    with client.responses.stream(**body) as stream:
        return {"answer": stream.get_final_response().to_dict()}


def responses_left(client, body):
    with client.responses.create(**body, stream=True) as stream:
        next(iter(stream))
    return {}


class Shape(pydantic.BaseModel):
    answer: int
    why: str


def messages_parsed(client, body):
    return {"answer": client.messages.parse(**body, output_format=Shape).parsed_output.model_dump()}


def chat_parsed(client, body):
    parsed = client.chat.completions.parse(**body, response_format=Shape)
    return {"answer": parsed.choices[0].message.parsed.model_dump()}


def responses_parsed(client, body):
    return {"answer": client.responses.parse(**body, text_format=Shape).output_parsed.model_dump()}


def told(error):
    """An exception, by all that a program may look at."""
    response = getattr(error, "response", None)
    return {
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error),
        "body": getattr(error, "body", None),
        "status": getattr(error, "status_code", None),
        "type": getattr(error, "type", None),
        "code": getattr(error, "code", None),
        "param": getattr(error, "param", None),
        "request_id": getattr(error, "request_id", None),
        "headers": dict(response.headers) if response is not None else {},
    }


CLIENTS = {}
for line in sys.stdin:
    job = json.loads(line)
    is_messages = job["call"].startswith("messages")
    where = (is_messages, job["url"])
    if where not in CLIENTS:
        sdk, url = (anthropic.Anthropic, job["url"]) if is_messages else (openai.OpenAI, job["url"] + "/v1")
        CLIENTS[where] = sdk(base_url=url, api_key=job["key"], max_retries=0)
    try:
        said = globals()[job["call"]](CLIENTS[where], job["body"])
    except Exception as error:
        said = {"error": told(error)}
    print(json.dumps(said), flush=True)
