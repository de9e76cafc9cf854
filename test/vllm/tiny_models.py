"""Writes models of random weights with which vLLM can be tested: 1 MB, made in seconds, the same on every machine.

Usage: tiny_models.py FOLDER

FOLDER/chat and FOLDER/reranker, which gives a number for a text and no vector. One token is one byte. Answers of chat are lower-case letters and spaces and go on until max_tokens, whatever is asked: the
first dimension of every state is a constant that no layer changes, so the first column of the last matrix is a bias.
"""
import json
import os
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"]
ANSWERS = set("abcdefghijklmnopqrstuvwxyz") | {"\u0120"}  # the last one is how a space is spelt
CONTEXT = 65536
NEVER = -1000.0


def tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {token: number for number, token in enumerate(SPECIAL + sorted(pre_tokenizers.ByteLevel.alphabet()))}
    bytewise = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=bytewise, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    fast.add_special_tokens({"additional_special_tokens": SPECIAL[2:]})
    fast.chat_template = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    return fast


def chat(words: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        max_position_embeddings=CONTEXT, bos_token_id=0, eos_token_id=1, pad_token_id=1, tie_word_embeddings=False, dtype="bfloat16")
    made = LlamaForCausalLM(config).to(torch.bfloat16)
    with torch.no_grad():
        made.model.embed_tokens.weight[:, 0] = 1.0
        for layer in made.model.layers:
            layer.self_attn.o_proj.weight[0] = 0
            layer.mlp.down_proj.weight[0] = 0
        for token, number in words.get_vocab().items():
            made.lm_head.weight[number] *= 20  # so that answers vary
            made.lm_head.weight[number, 0] = 0.0 if token in ANSWERS else NEVER
    return made


def reranker(words: PreTrainedTokenizerFast) -> BertForSequenceClassification:
    config = BertConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=512, pad_token_id=1, num_labels=1, dtype="bfloat16")
    return BertForSequenceClassification(config).to(torch.bfloat16)


def write(folder: str, make) -> None:
    os.makedirs(folder, exist_ok=True)
    words = tokenizer()
    words.save_pretrained(folder)
    torch.manual_seed(0)
    make(words).save_pretrained(folder)
    # Without it vLLM would take sampling defaults from nowhere; with it the test says what it relies on.
    with open(os.path.join(folder, "generation_config.json"), "w", encoding="utf-8") as file:
        json.dump({"bos_token_id": 0, "eos_token_id": 1}, file)
    for name in os.listdir(folder):  # transformers writes 0600; the server is another user
        os.chmod(os.path.join(folder, name), 0o644)


if __name__ == "__main__":
    write(os.path.join(sys.argv[1], "chat"), chat)
    write(os.path.join(sys.argv[1], "reranker"), reranker)
