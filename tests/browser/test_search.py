"""What people type into the search, and the page that must be among the first three."""

from __future__ import annotations

QUERIES = {
    "teacher forcing": "recurrent/encoder_decoder",
    "beam search": "recurrent/encoder_decoder",
    "bottleneck vector": "recurrent/encoder_decoder",
    "KV cache": "attention/gpt",
    "temperature sampling": "attention/gpt",
    "causal mask": "attention/gpt",
    "why divide by sqrt": "attention/attention",
    "bahdanau": "attention/attention",
    "alignment explanation": "attention/attention",
    "sinusoidal positions": "attention/transformer",
    "warm-up post-LN": "attention/transformer",
    "masked language model": "attention/bert",
    "fill in the mask": "attention/bert",
    "forget gate bias": "recurrent/lstm",
    "GRU": "recurrent/lstm",
    "vanishing gradient": "recurrent/rnn",
    "gradient clipping": "recurrent/rnn",
    "residual connection depth": "foundations/building_blocks",
    "deep plain network convolution": "vision/cnn",
    "XOR": "foundations/neurons",
    "receptive field": "vision/cnn",
    "patch size": "vision/vision_transformer",
    "classifier-free guidance": "generative/diffusion",
    "DDIM steps": "generative/diffusion",
    "gradient-boosted trees": "choose",
    "linear model tabular": "choose",
}
FIRST = 3


def test_a_query_finds_its_page(visit) -> None:
    page = visit("").page
    page.keyboard.press("/")
    box = page.get_by_role("textbox", name="Search")
    missed = {}
    for query, wanted in QUERIES.items():
        for typed in ("qqqq", query):  # nothing in between, so that old results go
            box.fill(typed)
            box.dispatch_event("keyup")
            shown = "No matching" if typed == "qqqq" else "matching document"
            page.wait_for_function(
                "([shown, none]) => {"
                " const text = document.querySelector('.md-search-result__meta')"
                "   .textContent;"
                " return text.includes(shown) && (none || !text.includes('No')); }",
                arg=[shown, typed == "qqqq"],
            )
        links = page.locator(".md-search-result__item > a.md-search-result__link")
        found = links.evaluate_all("all => all.map(a => new URL(a.href).pathname)")
        first = list(dict.fromkeys(found))[:FIRST]
        if not any(path.endswith(f"/{wanted}/") for path in first):
            missed[query] = (wanted, first)
    assert not missed, "\n".join(f"{q}: {m}" for q, m in missed.items())
