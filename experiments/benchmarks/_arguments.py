"""What the benchmarks of a training step are asked on the command line."""

import argparse


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Read `device`, where both sides run, and `images`, how many a batch has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", default="cpu", help="cpu: float32; cuda: bfloat16 autocast")
    parser.add_argument("--images", type=int, default=64, help="images of a batch")
    return parser.parse_args()
