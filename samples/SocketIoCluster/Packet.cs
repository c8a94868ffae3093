using Prefork;

namespace SocketIoCluster;

/// <summary>What workers send, which may be anything.</summary>
internal static class Packet
{
    /// <summary>Null for what .NET has no value for, such as an invalid date: no message of these packages has such a thing.</summary>
    internal static object? Read(ClusterMessage message)
    {
        try
        {
            return message.GetValue();
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidDataException)
        {
            return null;
        }
    }
}
