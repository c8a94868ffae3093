namespace Prefork.Values;

/// <summary>How the bytes of a message are to be read.</summary>
/// <param name="Version">V8's version of them; 0 for JSON.</param>
/// <param name="FirstId">The number of the first object in them: what stood before them in the frame has numbers too.</param>
internal readonly record struct ValueFormat(int Version, int FirstId)
{
    /// <summary>What Node 20 and later write.</summary>
    internal const int Written = 15;

    private const int Oldest = 13;

    internal bool IsJson => Version == 0;

    /// <summary>Reads the head of a frame's bytes.</summary>
    /// <exception cref="InvalidDataException">It is none, or of a version that is not read here.</exception>
    internal static ValueFormat ReadHeader(ReadOnlySpan<byte> bytes, out int length)
    {
        var reader = new ValueReader(bytes, default);
        if (reader.ReadByte() != ValueTag.Version)
        {
            throw new InvalidDataException("It does not begin with V8's version.");
        }

        var version = reader.ReadVarint();
        length = reader.Position;
        return version is >= Oldest and <= Written
            ? new ValueFormat((int)version, 0)
            : throw new InvalidDataException($"It is of V8's version {version}; versions {Oldest} to {Written} are read.");
    }
}
