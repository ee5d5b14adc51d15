"""Show a picture with text in it; the embedded model reads, and says so when there is nothing to read."""

import asyncio
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from omni_agent import Agent, Persona


def receipt() -> bytes:
    picture = Image.new("RGB", (640, 240), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((40, 40), "CORNER CAFE", fill="black", font=ImageFont.load_default(48))
    draw.text((40, 130), "TOTAL 14.50 EUR", fill="black", font=ImageFont.load_default(48))
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


async def main() -> None:
    async with Agent(persona=Persona(max_words=40), memory=None) as agent:
        reply = await agent.ask("How much is the total on this receipt?", images=[receipt()], speak=False)
        print(reply.text)


if __name__ == "__main__":
    asyncio.run(main())
