namespace Prefork;

/// <summary>How messages are written on the channel. Node's <c>serialization</c> setting.</summary>
public enum ChannelSerialization
{
    /// <summary>JSON, one value to a line. Node's default.</summary>
    Json,
}
