using System.Net;

namespace Prefork;

/// <summary>
/// A socket that the primary has inherited, or offers (<see cref="Cluster.OfferSocket"/>), by the number of its descriptor <em>in the primary</em>, as in Node's
/// <c>listen({fd})</c>: from systemd's socket activation, for one. It stays open when the listener closes.
/// </summary>
/// <param name="descriptor">The number, 3 or more as a rule.</param>
public sealed class FileDescriptorEndPoint(int descriptor) : EndPoint
{
    /// <summary>The descriptor's number.</summary>
    public int Descriptor { get; } = descriptor >= 0
        ? descriptor
        : throw new ArgumentOutOfRangeException(nameof(descriptor), descriptor, "A descriptor is not negative.");

    /// <inheritdoc/>
    public override string ToString() => $"fd:{Descriptor}";
}
