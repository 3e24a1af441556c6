"""Writes a Llama model with random weights, by default a tiny one.

    make_random_gguf.py OUT.gguf [WIDTH LAYERS FEED_FORWARD CONTEXT]

It speaks gibberish, but a real server serves it with the real protocol, a tiny one at thousands of tokens a second.
The vocabulary has every byte, ASCII, some English words and Hangul syllables, so multi-byte characters appear in its
streams.
"""

import sys

import gguf
import numpy as np

HEADS = 4
WORDS = "the a of and to in is it he she was at night day door rain walks looks INT EXT"
HANGUL = "가나다라마바사아자차카타파하은는이을를에서의도고지만했있없왜그런데장면문비밤낮"
TOKEN_NORMAL, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_BYTE = 1, 2, 3, 6
CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "


def vocabulary() -> list[tuple[str, int]]:
    tokens = [("<unk>", TOKEN_UNKNOWN), ("<s>", TOKEN_CONTROL), ("</s>", TOKEN_CONTROL)]
    tokens += [(f"<0x{byte:02X}>", TOKEN_BYTE) for byte in range(256)]
    space = "\N{LOWER ONE EIGHTH BLOCK}"
    pieces = [chr(code) for code in range(33, 127)] + [space] + [space + word for word in WORDS.split()] + list(HANGUL)
    return tokens + [(piece, TOKEN_NORMAL) for piece in dict.fromkeys(pieces)]


def main(out: str, width: int = 64, layers: int = 2, feed_forward: int = 128, context: int = 4096) -> None:
    tokens = vocabulary()
    special = sum(kind != TOKEN_NORMAL for _, kind in tokens)
    # The same weights each time: a test that fails can be run again.
    random = np.random.default_rng(20_240_229)

    def weights(*shape: int, scale: float = 0.08) -> np.ndarray:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    writer = gguf.GGUFWriter(out, "llama")
    writer.add_name("random")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(width // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text.encode() for text, _ in tokens])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_token_scores([0.0 if kind != TOKEN_NORMAL else -float(rank) for rank, (_, kind) in enumerate(tokens)])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    output = weights(len(tokens), width, scale=0.35)
    output[:special] *= 0.02  # raw bytes and end-of-text seldom win, so answers are long and mostly readable characters
    writer.add_tensor("token_embd.weight", weights(len(tokens), width, scale=0.5))
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(width, width))
        writer.add_tensor(f"blk.{layer}.ffn_gate.weight", weights(feed_forward, width))
        writer.add_tensor(f"blk.{layer}.ffn_up.weight", weights(feed_forward, width))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", weights(width, feed_forward))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
