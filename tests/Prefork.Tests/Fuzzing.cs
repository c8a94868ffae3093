using System.Globalization;
using System.Text;
using CsCheck;

namespace Prefork.Tests;

/// <summary>
/// What the fuzz tests have in common: bytes made from good ones by cutting, doubling, swapping and overwriting.
/// A failure prints a seed, which CsCheck_Seed repeats; PREFORK_FUZZ_SECONDS makes each test go on that long.
/// </summary>
internal static class Fuzzing
{
    /// <summary>Numbers and tags that a reader may take amiss.</summary>
    private static readonly byte[][] Nasty =
    [
        [0], [0xFF], [0x7F], [0x80, 0x80, 0x80, 0x80, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0x0F], [0xFF, 0xFF],
        .. "oA;'rR\\BV^aDZNIU\"cS~?-_0TFyxnzsptuwm{$@:,.\n\\\"[]{}:,u0e".Select(letter => new[] { (byte)letter }),
        "\"cmd\":\"NODE_HANDLE\""u8.ToArray(), "\\ud800"u8.ToArray(), "1e999"u8.ToArray(), [0x22, 3, .. "cmd"u8, 0x22, 12, .. "NODE_CLUSTER"u8],
    ];

    private static readonly Gen<Func<byte[], byte[]>> Mutation = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20], Gen.Byte, Gen.OneOf(Nasty))
        .Select((kind, at, length, value, nasty) => new Func<byte[], byte[]>(bytes => Mutate(bytes, kind, at, length, value, nasty)));

    /// <summary>Bytes a few steps away from one of these, or from two of them.</summary>
    internal static Gen<byte[]> Mutated(byte[][] good)
        => Gen.Select(Gen.OneOf(good), Gen.OneOf(good), Gen.Int[0, 4], Mutation.Array[0, 6])
            .Select((first, second, splice, mutations) => mutations.Aggregate(splice == 0 ? [.. first[..(first.Length / 2)], .. second[(second.Length / 2)..]] : first, static (bytes, mutate) => mutate(bytes)));

    /// <summary>As many rounds as take a second or so, or as long as is asked for.</summary>
    internal static void Check<T>(this Gen<T> gen, Action<T> assert, long rounds, Func<T, string> print)
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("PREFORK_FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : -1;
        gen.Sample(assert, iter: seconds > 0 ? -1 : rounds, time: seconds, threads: 1, print: print);
    }

    internal static string Hex(byte[] bytes) => bytes.Length > 4000 ? $"{bytes.Length} bytes" : Convert.ToHexStringLower(bytes);

    internal static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] Mutate(byte[] bytes, int kind, int at, int length, byte value, byte[] nasty)
    {
        if (bytes.Length == 0)
        {
            return nasty;
        }

        at %= bytes.Length;
        length = Math.Min(length % 16, bytes.Length - at);
        switch (kind)
        {
            case 0:
                return [.. bytes[..at], value, .. bytes[(at + 1)..]];
            case 1:
                return [.. bytes[..at], (byte)(bytes[at] ^ (1 << (value % 8))), .. bytes[(at + 1)..]];
            case 2:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 3:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            case 4:
                return [.. bytes[..at], .. nasty, .. bytes[at..]];
            case 5:
                return [.. bytes[..at], .. nasty, .. bytes[Math.Min(bytes.Length, at + nasty.Length)..]];
            default:
                return bytes[..at];
        }
    }
}
